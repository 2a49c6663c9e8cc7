"""The age of a quote in TARGET's business days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from controller.commerce.rate_calendar import age, business_day, newest_expected


@pytest.mark.parametrize(
    "day",
    [
        "2026-01-01",
        "2026-04-03",
        "2026-04-06",
        "2026-05-01",
        "2026-12-25",
        "2024-03-29",
        "2027-03-29",
    ],
)
def test_a_holiday_is_no_business_day(day: str) -> None:
    assert not business_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    "day", ["2026-04-02", "2026-04-07", "2026-11-20", "2026-12-24", "2026-06-04"]
)
def test_a_day_on_which_target_is_open_is_one(day: str) -> None:
    assert business_day(date.fromisoformat(day))


def test_a_weekend_is_none() -> None:
    assert not business_day(date(2026, 11, 21))
    assert not business_day(date(2026, 11, 22))


@pytest.mark.parametrize(
    ("as_of", "now", "days"),
    [
        ("2026-11-20", "2026-11-20T16:00+01:00", 0),
        ("2026-11-19", "2026-11-20T15:59+01:00", 0),
        ("2026-11-19", "2026-11-20T16:01+01:00", 1),
        ("2026-11-20", "2026-11-22T23:00+01:00", 0),
        ("2026-11-20", "2026-11-23T15:30+01:00", 0),
        ("2026-11-20", "2026-11-23T16:30+01:00", 1),
        ("2026-04-02", "2026-04-07T10:00+02:00", 0),
        ("2026-04-02", "2026-04-07T17:00+02:00", 1),
        ("2026-12-23", "2026-12-28T12:00+01:00", 1),
        ("2026-11-20", "2026-11-27T17:00+01:00", 5),
        ("2026-11-24", "2026-11-20T17:00+01:00", 0),
    ],
    ids=[
        "same day",
        "before it is out",
        "when the next is out",
        "weekend",
        "Monday before four",
        "Monday after four",
        "Easter",
        "after Easter",
        "Christmas",
        "a week",
        "of the future",
    ],
)
def test_the_age_counts_business_days_alone(as_of: str, now: str, days: int) -> None:
    moment = datetime.fromisoformat(now).astimezone(UTC)
    assert age(date.fromisoformat(as_of), moment) == days


def test_what_is_expected_is_always_a_business_day() -> None:
    for hours in range(0, 24 * 400, 7):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        assert business_day(newest_expected(now))
        assert age(newest_expected(now), now) == 0
