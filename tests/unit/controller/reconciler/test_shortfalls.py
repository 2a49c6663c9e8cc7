"""What a store wants and cannot have yet: currencies without a rate, languages without texts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from controller.commerce.rates import Quotes
from controller.domain.commerce import Currencies
from controller.domain.conditions import Desired
from controller.domain.rates import Quote, QuoteSet, missing_rates
from controller.domain.store import Site, Store, StoreSpec, StoreStatus
from controller.engines.sandbox import SandboxEngine
from controller.reconciler import shortfalls
from controller.reconciler.shortfalls import offered, priced, without_texts
from tests.factories import spec

NOW = datetime.now(UTC)
TODAY = NOW.date()


def quotes(**rates: int) -> QuoteSet:
    """Quotes by how many days old they are."""
    found = {
        code: Quote(rate=Decimal(2), as_of=TODAY - timedelta(days=days))
        for code, days in rates.items()
    }
    return QuoteSet(
        id=1, provider="file", base="EUR", as_of=TODAY, fetched_at=datetime.now(UTC), quotes=found
    )


def wanting(*allowed: str, default: str = "EUR", **more: object) -> StoreSpec:
    plain = spec()
    currencies = Currencies(base="EUR", default=default, allowed=allowed, **more)  # type: ignore[arg-type]
    return replace(plain, commerce=replace(plain.commerce, currencies=currencies))


@pytest.mark.parametrize(
    ("wanted", "known", "shown", "default"),
    [
        pytest.param(wanting("EUR", "USD"), quotes(USD=0), ("EUR", "USD"), "EUR", id="all"),
        pytest.param(wanting("EUR", "USD", "MZN"), quotes(USD=0), ("EUR", "USD"), "EUR", id="one"),
        pytest.param(wanting("EUR", "MZN"), None, ("EUR",), "EUR", id="no-rates-yet"),
        pytest.param(
            wanting("EUR", "MZN", default="MZN"), quotes(USD=0), ("EUR",), "EUR", id="the-default"
        ),
        pytest.param(
            wanting("MZN", default="MZN"), quotes(USD=0), ("EUR",), "EUR", id="nothing-else"
        ),
        pytest.param(
            wanting("EUR", "MZN", pins={"EUR/MZN": Decimal(70)}),
            None,
            ("EUR", "MZN"),
            "EUR",
            id="pinned",
        ),
    ],
)
def test_only_what_has_a_rate_is_offered(
    wanted: StoreSpec, known: QuoteSet | None, shown: tuple[str, ...], default: str
) -> None:
    found = offered(wanted, missing_rates(wanted, known)).commerce.currencies
    assert (found.allowed, found.default) == (shown, default)
    assert not missing_rates(offered(wanted, missing_rates(wanted, known)), known)


def test_the_condition_names_the_pairs_and_says_how_old_a_rate_is() -> None:
    known = quotes(USD=3, GBP=0)

    def found(allowed: tuple[str, ...], **pins: Decimal) -> tuple[str, dict[str, str | int]]:
        asked = store_of(wanting(*allowed, pins={f"EUR/{k}": v for k, v in pins.items()}))
        (condition,) = priced(asked, known)
        return condition.note.reason, dict(condition.note.params)

    assert found(("EUR", "USD", "MZN")) == ("RateMissing", {"pairs": "EUR/MZN"})
    day = (TODAY - timedelta(days=3)).isoformat()
    assert found(("EUR", "USD", "GBP")) == ("RatesKnown", {"day": day})
    assert found(("EUR", "MZN"), MZN=Decimal(70)) == ("RatesPinned", {})
    assert priced(store_of(spec()), known) == ()
    (none,) = priced(store_of(wanting("EUR", "USD")), None)
    assert none.note.reason == "RatesNotThere"


def store_of(wanted: StoreSpec) -> Store:
    return Store(
        uid="u", tenant="t", owner="o@example.com", stack="s", generation=1,
        desired=Desired.ACTIVE, spec=wanted, status=StoreStatus(), operation=None,
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def test_each_website_is_judged_by_its_own_base() -> None:
    main = wanting("EUR", "USD")
    commerce = replace(
        main.commerce, currencies=Currencies(base="MZN", default="MZN", allowed=("MZN", "USD"))
    )
    site = Site(code="mz", display_name="M", country="MZ", locales=("pt_MZ",), commerce=commerce)
    both = replace(main, sites=(site,))
    found = offered(both, missing_rates(both, quotes(USD=0)))
    assert found.commerce.currencies.allowed == ("EUR", "USD")
    assert found.sites[0].commerce.currencies.allowed == ("MZN",)


@pytest.mark.parametrize(("days", "known"), [(0, True), (14, True), (15, False), (400, False)])
def test_a_rate_is_believed_for_a_while_only(days: int, known: bool) -> None:
    believed = Quotes(lambda: quotes(USD=days), days=14)()
    assert believed is not None
    assert (believed.price("USD") is not None) is known


def test_what_was_read_a_moment_ago_is_not_read_again() -> None:
    read: list[date] = []
    now = [0.0]

    def newest() -> QuoteSet:
        read.append(TODAY)
        return quotes(USD=0)

    found = Quotes(newest, days=14, seconds=2.0, passed=lambda: now[0])
    for second in (0.0, 1.0, 1.9, 2.0, 3.0):
        now[0] = second
        assert found() is not None
    assert len(read) == 2


def test_languages_without_texts_are_named_once() -> None:
    languages = SandboxEngine.languages
    assert without_texts(["ja_JP", "en_US", "ja_JP", "fr_CA", "de_AT"], languages) == ["ja", "fr"]
    assert without_texts(["es_MX", "ar_EG"], languages) == []


def test_the_sandbox_has_the_texts_that_it_is_said_to_have() -> None:
    there = Path(shortfalls.__file__).parents[2] / "sandbox" / "locale"
    assert {place.name for place in there.iterdir() if place.is_dir()} == SandboxEngine.languages
