"""A store's specification and status, and their JSON."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.commerce import CommerceSpec, Currencies, Payment
from controller.domain.conditions import Condition, ConditionStatus, Phase
from controller.domain.notes import Note
from controller.domain.store import (
    AppliedConfig,
    StoreSpec,
    StoreStatus,
    iso,
    moment,
    spec_changes,
    spec_from_json,
    spec_to_json,
    status_from_json,
    status_to_json,
)
from tests.factories import spec

# Whatever is stored has gone through UTF-8, which has no halves of characters.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def whole_milliseconds(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


MOMENTS = st.datetimes(timezones=st.just(UTC)).map(whole_milliseconds)
SPECS = st.builds(
    StoreSpec,
    slug=TEXT,
    display_name=TEXT,
    country=TEXT,
    locales=st.lists(TEXT, max_size=3).map(tuple),
    timezone=TEXT,
    weight_unit=st.sampled_from(["kgs", "lbs"]),
    commerce=st.builds(
        CommerceSpec,
        currencies=st.builds(
            Currencies, base=TEXT, default=TEXT, allowed=st.lists(TEXT, max_size=3).map(tuple)
        ),
        payments=st.lists(st.sampled_from(Payment), unique=True).map(tuple),
        flat_rate=st.decimals(0, 10**9, places=2),
        prices_include_tax=st.booleans(),
    ),
    engine=TEXT,
    expires_at=st.none() | MOMENTS,
    labels=st.dictionaries(TEXT, TEXT, max_size=3),
)
STATUSES = st.builds(
    StoreStatus,
    phase=st.sampled_from(Phase),
    ready=st.booleans(),
    observed_generation=st.integers(0, 10**6),
    conditions=st.lists(
        st.builds(
            Condition,
            type=TEXT,
            status=st.sampled_from(ConditionStatus),
            note=st.builds(
                Note,
                reason=TEXT.filter(lambda text: not text[:1].isupper()),
                params=st.dictionaries(TEXT, TEXT | st.integers(0, 10**6)),
            ),
            since=st.none() | MOMENTS,
        )
    ).map(lambda items: {item.type: item for item in items}),
    url=st.none() | TEXT,
    config=st.none() | st.builds(AppliedConfig, digest=TEXT, checksum=TEXT),
    selling_since=st.none() | MOMENTS,
    proven_at=st.none() | MOMENTS,
    proven_digest=st.none() | TEXT,
    ever_ready=st.booleans(),
)


@given(SPECS)
def test_a_specification_survives_its_json(wanted: StoreSpec) -> None:
    stored = orjson.loads(orjson.dumps(spec_to_json(wanted)))
    assert spec_from_json(wanted.slug, wanted.labels, stored) == wanted
    assert spec_changes(wanted, spec_from_json(wanted.slug, wanted.labels, stored)) == []


@given(STATUSES)
def test_a_status_survives_its_json(status: StoreStatus) -> None:
    assert status_from_json(orjson.loads(orjson.dumps(status_to_json(status)))) == status


@given(SPECS, SPECS)
def test_the_changes_are_exactly_what_differs(old: StoreSpec, new: StoreSpec) -> None:
    new = replace(new, slug=old.slug)
    changes = spec_changes(old, new)
    assert (changes == []) == (old == new)
    assert all(before != after for _, before, after in changes)


def test_money_keeps_its_digits() -> None:
    commerce = replace(spec().commerce, flat_rate=Decimal("4.90"))
    assert spec_to_json(spec(commerce=commerce))["shipping"] == {"flatRate": "4.90"}


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (None, None),
        (datetime(2026, 11, 22, 9, 5, 7, 123_456, tzinfo=UTC), "2026-11-22T09:05:07.123Z"),
    ],
)
def test_times_are_rfc_3339_in_utc(time: datetime | None, text: str | None) -> None:
    assert iso(time) == text
    assert iso(moment(text)) == text


def test_times_of_other_zones_are_read_as_the_same_moment() -> None:
    here = timezone(timedelta(hours=5, minutes=30))
    assert moment("2026-11-22T14:35:07.123+05:30") == datetime(
        2026, 11, 22, 14, 35, 7, 123_000, tzinfo=here
    )
