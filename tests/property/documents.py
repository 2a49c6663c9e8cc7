"""Strategies: documents of stores that the engine's table allows, and the same ones spoiled."""

from typing import Any

from hypothesis import strategies as st

from controller.commerce import cldr, countries, tender
from controller.domain.commerce import OFFLINE
from controller.domain.money import cent
from controller.engines.abilities import abilities_of

MAGENTO = abilities_of("magento")
NAMES = ("acme", "tea-house", "a1")
_COUNTRIES = [code for code in countries.all_codes() if countries.offered(code, MAGENTO)]
_CURRENCIES = sorted(code for code in MAGENTO.currencies if tender.in_force(code))
_LOCALES = sorted({locale for code in countries.all_codes() for locale in cldr.locales(code)})
_ZONES = sorted(MAGENTO.timezones)
_DESTINATIONS = sorted(MAGENTO.destinations)
_HOSTS = ("shop.example.com", "tea.example", "xn--mnchen-3ya.example", "us.acme.example")
_POSTCODES = st.from_regex(r"[A-Z0-9][A-Z0-9 -]{0,7}[A-Z0-9]", fullmatch=True)


def _some(values: Any, most: int = 3) -> Any:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


def _words(most: int = 60) -> Any:
    """Any text that can be seen, and nothing around it."""
    letters = st.characters(codec="utf-8", categories=["L", "N", "P", "S"])
    return st.text(letters, min_size=1, max_size=most)


@st.composite
def _amounts(draw: Any, currency: str, below: int = 10**8) -> str:
    count = draw(st.integers(0, 10**6) | st.integers(0, int(below / cent(currency)) - 1))
    return str(count * cent(currency))


@st.composite
def _places(draw: Any) -> dict[str, str]:
    country = draw(st.sampled_from(_DESTINATIONS) | st.sampled_from(sorted(MAGENTO.regions)))
    place = {"country": country}
    if country in MAGENTO.regions and draw(st.booleans()):
        place["region"] = draw(st.sampled_from(sorted(MAGENTO.regions[country])))
    if draw(st.booleans()):
        place["postcode"] = draw(_POSTCODES)
    return place


@st.composite
def _shipping(draw: Any, base: str) -> dict[str, Any]:
    said: dict[str, Any] = {"flatRate": draw(st.none() | _amounts(base))}
    if said["flatRate"] is None or draw(st.booleans()):
        said["freeFrom"] = draw(_amounts(base))
    if draw(st.booleans()):
        rows = draw(st.lists(_places(), min_size=1, max_size=4))
        said["tableRates"] = {
            "by": draw(st.sampled_from(["weight", "value", "items"])),
            # A bound of its own keeps rows of one place apart.
            "rows": [
                {**row, "above": str(index), "price": draw(_amounts(base))}
                for index, row in enumerate(rows)
            ],
        }
    return said


@st.composite
def _offer(draw: Any) -> dict[str, Any]:
    base = draw(st.sampled_from(_CURRENCIES))
    allowed = draw(_some(_CURRENCIES))
    said: dict[str, Any] = {
        "currencies": {"base": base, "default": draw(st.sampled_from([base, *allowed]))},
        "shipping": draw(_shipping(base)),
    }
    said["currencies"]["allowed"] = allowed
    if draw(st.booleans()):
        said["payments"] = draw(_some(sorted(OFFLINE), 4))
    if draw(st.booleans()):
        said["gateways"] = {"bank_transfer": {"instructions": draw(_words())}}
    if draw(st.booleans()):
        said["locales"] = draw(_some(_LOCALES))
    if draw(st.booleans()):
        said["displayName"] = draw(_words())
    if draw(st.booleans()):
        said["pricesIncludeTax"] = draw(st.booleans())
    return said


@st.composite
def _sites(draw: Any) -> dict[str, Any]:
    found = {}
    hosts = list(_HOSTS)
    for code in draw(st.lists(st.sampled_from(["us", "de_at", "us_es_us", "x9"]), max_size=2)):
        site = {**draw(_offer()), "country": draw(st.sampled_from(_COUNTRIES))}
        if draw(st.booleans()):
            host = draw(st.sampled_from(hosts))
            hosts.remove(host)
            site["url"] = f"{draw(st.sampled_from(['http', 'https']))}://{host}"
        found[code] = site
    return found


@st.composite
def sound(draw: Any) -> dict[str, Any]:
    """A document that everything said in it is possible of; parts of it may still clash."""
    said = {**draw(_offer()), "country": draw(st.sampled_from(_COUNTRIES))}
    if draw(st.booleans()):
        said["timezone"] = draw(st.sampled_from(_ZONES))
    if draw(st.booleans()):
        said["weightUnit"] = draw(st.sampled_from(["kgs", "lbs"]))
    if draw(st.booleans()):
        said["contact"] = {"email": "shop@example.com", "phone": "+49 561 1234"}
    if draw(st.booleans()):
        said["drift"] = {"*": draw(st.sampled_from(["revert", "warn", "adopt"]))}
    if draw(st.booleans()):
        said["labels"] = {"team": draw(st.sampled_from(["tea", "", "A-1"]))}
    if draw(st.booleans()):
        percents = st.integers(0, 1_000_000).map(lambda count: str(count / 10_000))
        said["taxRates"] = [
            {**place, "percent": draw(percents), "priority": draw(st.integers(0, 2))}
            for place in draw(st.lists(_places(), min_size=1, max_size=4))
        ]
    said["sites"] = draw(_sites())
    return said


_SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20)
_FIELDS = ("country", "currencies", "base", "allowed", "shipping", "flatRate", "tableRates", "rows",
           "sites", "us", "url", "locales", "taxRates", "gateways", "labels", "drift", "contact",
           "expiresAt", "ttl", "scale", "plan", "email")  # fmt: skip


def anything() -> Any:
    """Any JSON, most of it with the names of fields."""
    names = st.sampled_from(_FIELDS) | st.text(max_size=8)
    return st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
        max_leaves=20,
    )


_JUNK = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "HRK",
            "BGN",
            "XAF",
            "XK",
            "SS",
            "Bayern",
            "1e8",
            "-1",
            "0.001",
            "Etc/GMT+5",
            "99999999999",
        ]
    ),
    st.sampled_from(["https://a_b.example", "http://127.0.0.1", "https://münchen.example/x"]),
    st.integers(-(10**12), 10**12),
    st.none(),
    st.just([]),
    st.just({}),
)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        found += _leaves(inner, (*path, key))
    return found


@st.composite
def spoiled(draw: Any) -> dict[str, Any]:
    """A sound document with something else in one or two places."""
    said = draw(sound())
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(_leaves(said)))
        place: Any = said
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = draw(_JUNK)
        if not isinstance(said.get("sites", {}), dict):
            break
    return said
