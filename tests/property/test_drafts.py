"""Whatever a draft holds: it is specified or refused, and a sound one stays what it is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.commerce import countries
from controller.commerce.drafts import Draft, SiteDraft, draft_of, specify
from controller.domain.commerce import OFFLINE
from controller.domain.errors.base import InvalidInputError
from controller.domain.store import spec_from_json, spec_to_json
from controller.engines.abilities import abilities_of

NEAR = st.sampled_from(
    ["", "de", "de_DE", "de-AT", "C", "root", "en_US.UTF-8", "zh_Hant_TW", "_", "de__", "x@y"]
)
WORDS = st.none() | NEAR | st.text(max_size=30)
MANY = st.none() | st.lists(NEAR | st.text(max_size=10), max_size=4).map(tuple)
PLACES = st.fixed_dictionaries(
    {},
    optional={
        "country": WORDS | st.just("DE"),
        "region": WORDS,
        "postcode": WORDS,
        "above": st.decimals(),
        "price": st.decimals(),
        "percent": st.decimals(),
        "name": WORDS,
    },
)
TABLES = st.fixed_dictionaries(
    {"by": WORDS | st.just("weight"), "rows": st.lists(PLACES, max_size=2)}
)
PROVIDED = st.dictionaries(
    NEAR | st.sampled_from(["stripe", "ups", "check"]),
    st.dictionaries(NEAR | st.sampled_from(["mode", "account"]), NEAR | st.just("test")),
    max_size=2,
)
MAGENTO = abilities_of("magento")
ENGINES = {"fake": MAGENTO}
OFFERED = [code for code in countries.all_codes() if countries.offered(code, MAGENTO)]
DRAFTS = st.builds(
    Draft,
    name=st.just("acme") | st.text(max_size=50),
    country=st.sampled_from(["DE", "py", "JP"]) | st.text(max_size=5),
    display_name=WORDS,
    locales=MANY,
    timezone=WORDS | st.just("Europe/Berlin"),
    weight_unit=WORDS | st.just("lbs"),
    base_currency=WORDS | st.just("EUR"),
    default_currency=WORDS | st.just("USD"),
    allowed_currencies=MANY | st.just(("EUR", "JPY")),
    payments=MANY | st.just(("check",)),
    flat_rate=st.none() | st.decimals(),
    flat_rate_offered=st.booleans(),
    free_from=st.none() | st.decimals(),
    table=st.none() | TABLES,
    origin=st.dictionaries(st.sampled_from(["city", "region"]), st.text(max_size=9)),
    carriers=PROVIDED,
    gateways=PROVIDED,
    markup_bps=st.integers(),
    pins=st.dictionaries(NEAR | st.just("EUR/USD"), st.decimals(), max_size=2),
    contact_email=WORDS,
    contact_phone=WORDS | st.just("+49 30 1234"),
    tax_rates=st.lists(PLACES, max_size=2).map(tuple),
    sites=st.dictionaries(
        NEAR | st.just("us"),
        st.builds(SiteDraft, country=WORDS | st.just("US"), url=WORDS, payments=MANY),
        max_size=2,
    ),
    drift=st.dictionaries(NEAR | st.just("*"), NEAR | st.just("warn"), max_size=2),
    prices_include_tax=st.none() | st.booleans(),
    engine=WORDS | st.just("fake"),
    expires_at=st.none() | st.datetimes() | st.datetimes(timezones=st.timezones()),
    labels=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)


TABLE = {
    "by": "weight",
    "rows": [{"country": "DE", "price": "4"}, {"country": "DE", "above": "5", "price": "9"}],
}
SOUND = st.builds(
    Draft,
    name=st.sampled_from(["acme", "tea-house"]),
    country=st.sampled_from(OFFERED),
    display_name=st.none() | st.sampled_from(["Acme", "متجر الشاي", "Tè & Caffè <b>"]),
    locales=st.none() | st.lists(st.sampled_from(["de_DE", "ar-EG", "zh_Hant_TW"]), min_size=1),
    timezone=st.none() | st.sampled_from(["Europe/Berlin", "UTC", "Asia/Kathmandu"]),
    weight_unit=st.none() | st.sampled_from(["kgs", "lbs"]),
    base_currency=st.none() | st.sampled_from(["EUR", "JPY", "KWD"]),
    default_currency=st.none() | st.sampled_from(["EUR", "USD"]),
    allowed_currencies=st.none() | st.lists(st.sampled_from(["EUR", "CHF"])).map(tuple),
    payments=st.none() | st.lists(st.sampled_from(sorted(OFFLINE)), min_size=1).map(tuple),
    gateways=st.sampled_from([{}, {"check": {"payableTo": "Acme Ltd."}}]),
    free_from=st.sampled_from([None, Decimal(50)]),
    table=st.sampled_from([None, TABLE]),
    carriers=st.sampled_from([{}, {"ups": {"mode": "test", "account": "A1B2C3"}}]),
    origin=st.sampled_from([{}, {"city": "Kassel", "postcode": "34117"}]),
    contact_email=st.sampled_from([None, "shop@example.com"]),
    contact_phone=st.sampled_from([None, "+49 561 1234"]),
    tax_rates=st.sampled_from([(), ({"country": "DE", "percent": 19},)]),
    sites=st.sampled_from([{}, {"us": SiteDraft(country="US", payments=("check",))}]),
    drift=st.sampled_from([{}, {"*": "warn", "shipping.flatRate": "adopt"}]),
    markup_bps=st.sampled_from([0, 150]),
    pins=st.sampled_from([{}, {"EUR/USD": Decimal("1.08")}]),
    flat_rate=st.none() | st.sampled_from([Decimal(0), Decimal("7.00"), Decimal("1e3")]),
    prices_include_tax=st.none() | st.booleans(),
    engine=st.sampled_from([None, "fake"]),
    expires_at=st.none() | st.just(datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)),
    labels=st.dictionaries(st.sampled_from(["team", "a.b/c"]), st.sampled_from(["", "X-1"])),
)


@settings(max_examples=300)
@given(DRAFTS)
def test_any_draft_is_specified_or_refused(draft: Draft) -> None:
    try:
        spec = specify(draft, ENGINES)
    except InvalidInputError:
        return
    assert spec_from_json(spec.slug, spec.labels, spec_to_json(spec)) == spec


@given(SOUND)
def test_a_sound_draft_is_specified_and_stays_what_it_is(draft: Draft) -> None:
    spec = specify(draft, ENGINES)
    assert spec_from_json(spec.slug, spec.labels, spec_to_json(spec)) == spec
    assert specify(draft_of(spec), ENGINES) == spec
