"""A store's specification and status, and their JSON."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.commerce import (
    Carrier,
    CommerceSpec,
    Currencies,
    DriftPolicy,
    Origin,
    Payment,
    Shipping,
    TableBasis,
    TableRate,
    TableRates,
    TaxRate,
)
from controller.domain.conditions import Condition, ConditionStatus, Phase
from controller.domain.notes import Note
from controller.domain.store import (
    AppliedConfig,
    Contact,
    Site,
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
AMOUNTS = st.decimals(0, 10**9, places=2)
OPTIONS = st.dictionaries(TEXT, TEXT, max_size=2)
COMMERCE = st.builds(
    CommerceSpec,
    currencies=st.builds(
        Currencies,
        base=TEXT,
        default=TEXT,
        allowed=st.lists(TEXT, max_size=3).map(tuple),
        markup_bps=st.integers(-500, 500),
        pins=st.dictionaries(TEXT, AMOUNTS, max_size=2),
    ),
    payments=st.lists(st.sampled_from(Payment), unique=True).map(tuple),
    gateways=st.dictionaries(st.sampled_from(Payment), OPTIONS, max_size=2),
    shipping=st.builds(
        Shipping,
        flat_rate=st.none() | AMOUNTS,
        free_from=st.none() | AMOUNTS,
        table=st.none()
        | st.builds(
            TableRates,
            by=st.sampled_from(TableBasis),
            rows=st.lists(
                st.builds(
                    TableRate,
                    country=TEXT,
                    region=TEXT,
                    postcode=TEXT,
                    above=AMOUNTS,
                    price=AMOUNTS,
                ),
                max_size=2,
            ).map(tuple),
        ),
        origin=st.builds(Origin, region=TEXT, postcode=TEXT, city=TEXT, street=TEXT),
        carriers=st.dictionaries(st.sampled_from(Carrier), OPTIONS, max_size=2),
    ),
    prices_include_tax=st.booleans(),
)
LOCALES = st.lists(TEXT, max_size=3).map(tuple)
SPECS = st.builds(
    StoreSpec,
    slug=TEXT,
    display_name=TEXT,
    country=TEXT,
    locales=LOCALES,
    timezone=TEXT,
    weight_unit=st.sampled_from(["kgs", "lbs"]),
    commerce=COMMERCE,
    contact=st.builds(Contact, email=st.none() | TEXT, phone=st.none() | TEXT),
    tax_rates=st.lists(
        st.builds(TaxRate, country=TEXT, region=TEXT, postcode=TEXT, percent=AMOUNTS, name=TEXT),
        max_size=2,
    ).map(tuple),
    sites=st.lists(
        st.builds(
            Site,
            code=TEXT,
            display_name=TEXT,
            country=TEXT,
            locales=LOCALES,
            commerce=COMMERCE,
            url=st.none() | TEXT,
        ),
        max_size=2,
        unique_by=lambda site: site.code,
    ).map(tuple),
    drift=st.dictionaries(TEXT, st.sampled_from(DriftPolicy), max_size=2),
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
    config=st.none() | st.builds(AppliedConfig, digest=TEXT, checksum=TEXT, extras=LOCALES),
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
    commerce = replace(spec().commerce, shipping=Shipping(flat_rate=Decimal("4.90")))
    assert spec_to_json(spec(commerce=commerce))["shipping"]["flatRate"] == "4.90"


def test_what_an_older_release_stored_is_read() -> None:
    stored = spec_to_json(spec())
    for name in ("contact", "gateways", "taxRates", "sites", "drift"):
        del stored[name]
    stored["currencies"] = {"base": "EUR", "default": "EUR", "allowed": ["EUR"]}
    stored["shipping"] = {"flatRate": "4.90"}
    assert spec_from_json("acme", {}, stored) == spec("acme")


@pytest.mark.parametrize(
    ("drift", "field", "policy"),
    [
        pytest.param({}, "payments", "revert", id="unless-said"),
        pytest.param({"*": "warn"}, "payments", "warn", id="everything"),
        pytest.param({"*": "warn", "payments": "adopt"}, "payments", "adopt", id="exact"),
        pytest.param({"shipping": "warn"}, "shipping.flatRate", "warn", id="group"),
        pytest.param(
            {"shipping": "warn", "shipping.flatRate": "adopt"},
            "shipping.flatRate",
            "adopt",
            id="exact-in-group",
        ),
        pytest.param({"payments": "warn"}, "sites.us.payments", "warn", id="of-every-site"),
        pytest.param(
            {"payments": "warn", "sites.us": "adopt"}, "sites.us.payments", "adopt", id="of-one"
        ),
        pytest.param({"sites.us": "adopt"}, "sites.fr.payments", "revert", id="of-another"),
    ],
)
def test_the_most_exact_policy_decides(drift: dict[str, str], field: str, policy: str) -> None:
    wanted = spec(drift={name: DriftPolicy(item) for name, item in drift.items()})
    assert wanted.policy(field) == policy


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
