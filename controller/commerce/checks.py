"""The checks of a specification. `drafts` calls them; each collects what is wrong and goes on.

So one answer names everything that is wrong, each with the field as the API spells it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError

from controller.commerce import tender
from controller.commerce.cldr import country_code
from controller.commerce.identities import folded, tax_name, twice
from controller.domain import postcodes
from controller.domain.commerce import (
    TAX_PRIORITIES,
    Carrier,
    Currencies,
    DriftPolicy,
    Origin,
    Payment,
    Shipping,
    TableBasis,
    TableRate,
    TableRates,
    TaxRate,
    tax_order,
)
from controller.domain.errors.base import InvalidInputError, Message
from controller.domain.errors.inputs import InvalidDisplayNameError, InvalidEmailError
from controller.domain.mail import HOST, Encryption, Relay, usual_encryption
from controller.domain.money import decimals
from controller.domain.naming import check_display_name, check_email, normalize_email
from controller.domain.providers import mode_of, options
from controller.domain.spellings import choice, number, percentage, telephone
from controller.domain.store import MAIN_SITE, Contact, StoreSpec
from controller.domain.websites import website_url
from controller.engines.abilities import Abilities
from controller.engines.fields import is_field
from controller.engines.settings import named
from controller.i18n import N_

_LABEL_KEY = re.compile(r"[a-z0-9]([a-z0-9./_-]{0,61}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?|")
# A host's label is made of it, so that it does not end in a hyphen nor look like an encoded one.
_SITE = re.compile(r"(?!..__)[a-z]([a-z0-9_]{0,18}[a-z0-9])?")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f]{0,200}")
_LONGEST = timedelta(days=366)
_MOST = {"labels": 32, "locales": 12, "currencies": 20, "rows": 5000, "taxRates": 500, "sites": 50}
_MOST_ROWS = 10_000
"""Of the table rates of all websites: with more a store cannot be sent, read and shown at once."""
_DEAREST = Decimal(10) ** 9
_WIDEST = 5000
"""Basis points."""
_UNITS = {"kg": "kgs", "kgs": "kgs", "lb": "lbs", "lbs": "lbs"}
_LANGUAGES = {"no": "nb"}
"""What people write for a language that CLDR has under another code."""

_AT_MOST = N_("at most %(most)d")
_ONE_OF = N_("one of %(choices)s")
_ONE_LINE = N_("at most 200 characters, no line breaks")


class Checks:
    """Collects everything that is wrong, so that one answer names it all."""

    def __init__(self, abilities: Abilities) -> None:
        self.abilities = abilities
        self.wrong: list[tuple[str, str]] = []
        self.under = ""
        """What the names of fields begin with, such as `sites.us.`."""

    def say(self, name: str, template: str, /, **params: str | int) -> None:
        """Note that a field is wrong; `params` fill the template."""
        self.wrong.append((self.under + name, Message(template, **params)))

    def finish(self) -> None:
        """Raise InvalidInputError when anything was wrong."""
        if self.wrong:
            raise InvalidInputError(tuple(self.wrong))

    def locales(self, said: Sequence[str] | None, usual: Sequence[str]) -> tuple[str, ...]:
        """CLDR ids, each once."""
        found = tuple(
            dict.fromkeys(self._locale(item) for item in (usual if said is None else said))
        )
        if not 1 <= len(found) <= _MOST["locales"]:
            self.say("locales", N_("1 to %(most)d languages"), most=_MOST["locales"])
        return found

    def _locale(self, text: str) -> str:
        language, *rest = text.strip().replace("-", "_").split("_")
        spelled = [_LANGUAGES.get(language.lower(), language), *rest]
        try:
            return str(Locale.parse("_".join(spelled)))
        except (ValueError, UnknownLocaleError, TypeError):
            self.say("locales", N_("“%(text)s” is not a CLDR locale such as de_DE"), text=text[:40])
            return text

    def timezone(self, text: str) -> str:
        """An IANA name, as the shop spells it."""
        found = self.abilities.timezone(text.strip())
        if found is None:
            self.say(
                "timezone",
                N_("“%(text)s” is not a time zone that shops can be set to, such as Europe/Berlin"),
                text=text[:60],
            )
        return found or text

    def weight_unit(self, text: str) -> str:
        """Kilograms or pounds."""
        unit = _UNITS.get(choice(text))
        if unit is None:
            self.say("weightUnit", N_("kgs or lbs"))
        return unit or text

    def mail(self, said: Mapping[str, Any] | None) -> Relay | None:
        """The relay of the shop's mails; none said is the platform's."""
        if said is None:
            return None
        host, port = str(said.get("host") or "").lower(), said.get("port")
        port = 587 if port is None else port
        encryption = choice(said.get("encryption") or usual_encryption(port))
        username, sender = said.get("username") or "", said.get("from") or ""
        if not HOST.fullmatch(host):
            self.say(
                "mail.host", N_("the name or address of a mail server such as smtp.example.com")
            )
        if not isinstance(port, int) or not 1 <= port <= 65_535:
            self.say("mail.port", N_("%(least)d to %(most)d"), least=1, most=65_535)
        if encryption not in set(Encryption):
            self.say("mail.encryption", _ONE_OF, choices=", ".join(Encryption))
            return None
        if not _PLAIN.fullmatch(username or "-"):
            self.say("mail.username", _ONE_LINE)
        if sender and normalize_email(sender) is None:
            self.say("mail.from", N_("an e-mail address"))
        return Relay(
            host=host,
            port=port,
            encryption=Encryption(encryption),
            username=username,
            sender=normalize_email(sender) or "",
        )

    def contact(self, email: str | None, phone: str | None) -> Contact:
        """Whom shoppers reach."""
        if email is not None:
            try:
                email = check_email(email)
            except InvalidEmailError:
                self.say("contact.email", N_("an e-mail address"))
        if email is not None and not email.isascii():
            # Magento takes none other, and says so only when the settings are written.
            self.say(
                "contact.email", N_("an e-mail address without accents: the shop takes no other")
            )
        reached = None if phone is None else telephone(phone)
        if phone is not None and reached is None:
            self.say(
                "contact.phone", N_("a telephone number such as +49 30 123456 or (212) 555-0100")
            )
        return Contact(email=email, phone=reached)

    def currencies(
        self,
        base: str,
        default: str | None,
        allowed: Sequence[str] | None,
        markup_bps: int,
        pins: Mapping[str, Decimal],
    ) -> Currencies:
        """ISO 4217 codes in any case; the default is always among those allowed."""
        base, default = base.strip().upper(), default and default.strip().upper()
        allowed = None if allowed is None else [code.strip().upper() for code in allowed]
        pins = {pair.replace(" ", "").upper(): rate for pair, rate in pins.items()}
        base = self._currency("currencies.base", base)
        # What is wrong with one is said once.
        if default is not None and default != base:
            self._currency("currencies.default", default)
        default = default or base
        codes = tuple(dict.fromkeys((*(allowed or (base,)), default)))
        for code in codes[: _MOST["currencies"]]:
            if code not in {base, default}:
                self._currency("currencies.allowed", code)
        if len(codes) > _MOST["currencies"]:
            self.say("currencies.allowed", _AT_MOST, most=_MOST["currencies"])
        if not -_WIDEST <= markup_bps <= _WIDEST:
            self.say("currencies.markupBps", N_("-%(most)d to %(most)d basis points"), most=_WIDEST)
        for pair, rate in pins.items():
            parts = pair.split("/")
            if len(parts) != 2 or not all(map(tender.in_force, parts)) or parts[0] == parts[1]:
                self.say(
                    "currencies.pins",
                    N_("“%(pair)s” is not a pair such as EUR/USD"),
                    pair=pair[:20],
                )
            elif not (rate.is_finite() and 0 < rate < _DEAREST):
                self.say("currencies.pins", N_("%(pair)s: a rate above zero"), pair=pair)
        return Currencies(
            base=base, default=default, allowed=codes, markup_bps=markup_bps, pins=dict(pins)
        )

    def _currency(self, name: str, text: str) -> str:
        gone = tender.withdrawn(text)
        if gone is not None:
            self.say(
                name,
                N_("%(code)s is no money since %(since)s: %(by)s is in its place"),
                code=text,
                since=str(gone.since),
                by=str(gone.by),
            )
        elif not tender.in_force(text):
            told = N_("“%(code)s” is not a currency that people pay with, such as EUR")
            self.say(name, told, code=text[:10])
        elif text not in self.abilities.currencies:
            self.say(
                name,
                N_("%(engine)s does not have %(code)s: choose another, as EUR"),
                engine=self.abilities.title,
                code=text,
            )
        return text

    def payments(
        self, said: Sequence[str] | None, usual: tuple[Payment, ...]
    ) -> tuple[Payment, ...]:
        """One or more methods."""
        if said is None:
            return usual
        spelled = [choice(item) for item in said]
        known = [item for item in spelled if item in set(Payment)]
        if len(known) != len(said) or not said:
            self.say("payments", N_("one or more of %(choices)s"), choices=", ".join(Payment))
        return tuple(dict.fromkeys(Payment(item) for item in known))

    def gateways(
        self, said: Mapping[str, Mapping[str, str]], payments: Sequence[Payment]
    ) -> dict[Payment, Mapping[str, str]]:
        """Options of payment methods; those offered need what they cannot do without."""
        found: dict[Payment, Mapping[str, str]] = {
            Payment(name): self._options(f"gateways.{name}", name, given)
            for name, given in said.items()
            if self._known("gateways", name, list(Payment))
        }
        for payment in payments:
            self._complete(f"gateways.{payment}", payment, found.get(payment, {}))
        return found

    def shipping(
        self,
        *,
        country: str,
        base: str,
        flat_rate: Decimal | None,
        free_from: Decimal | None,
        table: Mapping[str, Any] | None,
        origin: Mapping[str, str],
        carriers: Mapping[str, Mapping[str, str]],
    ) -> Shipping:
        """Prices in the base currency, in one spelling, so that 4.9 and 4.90 are no change."""
        for name, value in origin.items():
            if not _PLAIN.fullmatch(value):
                self.say(f"shipping.origin.{name}", _ONE_LINE)
        if region := origin.get("region"):
            origin = {**origin, "region": self._origin_region(country, region)}
        found = {
            Carrier(name): self._options(f"shipping.carriers.{name}", name, given)
            for name, given in carriers.items()
            if self._known("shipping.carriers", name, list(Carrier))
        }
        for carrier, given in found.items():
            self._complete(f"shipping.carriers.{carrier}", carrier, given)
        rate = None if flat_rate is None else self._amount("shipping.flatRate", flat_rate, base)
        free = None if free_from is None else self._amount("shipping.freeFrom", free_from, base)
        rows = self._table(table, base) if table is not None else None
        if rate is None and free is None and rows is None and not found:
            self.say(
                "shipping", N_("at least one way: flatRate, freeFrom, tableRates or a carrier")
            )
        return Shipping(
            flat_rate=rate, free_from=free, table=rows, origin=Origin(**origin), carriers=found
        )

    def _table(self, said: Mapping[str, Any], base: str) -> TableRates | None:
        basis = choice(str(said.get("by") or ""))
        if basis not in set(TableBasis):
            self.say("shipping.tableRates.by", _ONE_OF, choices=", ".join(TableBasis))
            return None
        given = said.get("rows") or ()
        if not 1 <= len(given) <= _MOST["rows"]:
            self.say("shipping.tableRates.rows", N_("1 to %(most)d rows"), most=_MOST["rows"])
        rows = [
            self._row(f"shipping.tableRates.rows.{i}", row, base) for i, row in enumerate(given)
        ]
        places = [(row.country, row.region, folded(row.postcode), row.above) for row in rows]
        for index, before in twice(places):
            self.say(
                f"shipping.tableRates.rows.{index}",
                N_("the place and bound of row %(row)d"),
                row=before,
            )
        return TableRates(by=TableBasis(basis), rows=tuple(sorted(rows, key=_order)))

    def rows_of_all(self, spec: StoreSpec) -> None:
        """The rows of all websites together, told at the one with which they are too many."""
        rows = 0
        for site in spec.websites:
            table = site.commerce.shipping.table
            rows += len(table.rows) if table else 0
            if table and rows > _MOST_ROWS:
                told = N_("at most %(most)d rows on all websites together")
                self.say(named(site, "shipping.tableRates.rows"), told, most=_MOST_ROWS)
                return

    def _row(self, name: str, said: Mapping[str, Any], base: str) -> TableRate:
        country, region, postcode = self._place(name, said, self.abilities.longest_postcode)
        above = self._at_least_zero(
            f"{name}.above", self._number(f"{name}.above", said.get("above", 0)), 4
        )
        price = self._amount(
            f"{name}.price", self._number(f"{name}.price", said.get("price")), base
        )
        bound = self.abilities.table_bound
        for part, value in (("above", above), ("price", price)):
            if value >= bound:
                self.say(f"{name}.{part}", N_("below %(bound)s"), bound=str(bound))
        return TableRate(
            country=country, region=region, postcode=postcode, above=above, price=price
        )

    def _place(
        self, name: str, said: Mapping[str, Any], longest: int, *, ranges: bool = False
    ) -> tuple[str, str, str]:
        country = country_code(str(said.get("country") or "*")[:100])
        region, postcode = (str(said.get(part) or "*").strip() for part in ("region", "postcode"))
        if country != "*" and country not in self.abilities.destinations:
            self.say(
                f"{name}.country",
                N_("“%(country)s” is not a country that the shop knows"),
                country=country[:10],
            )
        elif region != "*":
            region = self._region(f"{name}.region", country, region)
        if ranges and (ends := postcodes.range_of(country, postcode)) is not None:
            if ends[0] > ends[1]:
                self.say(f"{name}.postcode", N_("the lower end of the range comes first"))
            return country, region, postcodes.written(*ends)
        if len(postcode) > longest or not postcode.isprintable():
            self.say(f"{name}.postcode", N_("at most %(most)d characters"), most=longest)
        return country, region, postcode

    def _region(self, name: str, country: str, said: str) -> str:
        found = self.abilities.region(country, said)
        if found is not None:
            return found
        known = self.abilities.regions.get(country, {})
        code = self.abilities.region_named(country, said)
        if code is not None:
            self.say(
                name,
                N_("the code of a region: that of “%(name)s” is %(code)s"),
                name=said,
                code=code,
            )
        elif known:
            self.say(
                name,
                N_("%(country)s has no region “%(name)s”: one such as %(some)s"),
                country=country,
                name=said[:60],
                some=_some(known),
            )
        else:
            self.say(
                name,
                N_("the shop knows no regions of “%(country)s”: leave it out"),
                country=country,
            )
        return said

    def _origin_region(self, country: str, said: str) -> str:
        if country not in self.abilities.regions:
            return said
        return self._region("shipping.origin.region", country, said.strip())

    def tax_rates(self, said: Sequence[Mapping[str, Any]]) -> tuple[TaxRate, ...]:
        """Taxes of places, sorted; no place twice among those of one priority."""
        if len(said) > _MOST["taxRates"]:
            self.say("taxRates", _AT_MOST, most=_MOST["taxRates"])
        rates = [self._tax_rate(f"taxRates.{i}", rate) for i, rate in enumerate(said)]
        places = [
            (rate.priority, rate.country, rate.region, folded(rate.postcode)) for rate in rates
        ]
        for index, before in twice(places):
            told = N_("the place of rate %(rate)d: taxes that are due together differ in priority")
            self.say(f"taxRates.{index}", told, rate=before)
        self._compound(rates)
        return tuple(sorted(rates, key=tax_order))

    def _compound(self, rates: Sequence[TaxRate]) -> None:
        """Whether a tax is due on others is said of a priority, and not of the lowest."""
        first: dict[int, int] = {}
        for index, rate in enumerate(rates):
            before = first.setdefault(rate.priority, index)
            if rate.compound and not rate.priority:
                told = N_("taxes of lower priorities are meant, and below 0 there are none")
                self.say(f"taxRates.{index}.compound", told)
            elif rate.compound is not rates[before].compound:
                told = N_("the same for all rates of priority %(priority)d: see rate %(rate)d")
                name = f"taxRates.{index}.compound"
                self.say(name, told, priority=rate.priority, rate=before)

    def _tax_rate(self, name: str, said: Mapping[str, Any]) -> TaxRate:
        longest = self.abilities.longest_tax_postcode
        country, region, postcode = self._place(name, said, longest, ranges=True)
        if country == "*":
            self.say(f"{name}.country", N_("a tax has a country"))
        percent = self._at_least_zero(
            f"{name}.percent", self._percent(f"{name}.percent", said.get("percent")), 4
        )
        if percent > 100:
            self.say(f"{name}.percent", _AT_MOST, most=100)
        priority = said.get("priority") or 0
        if not 0 <= priority < TAX_PRIORITIES:
            self.say(
                f"{name}.priority", N_("%(least)d to %(most)d"), least=0, most=TAX_PRIORITIES - 1
            )
        usual = tax_name(country, region, postcode, percent, priority)
        title = str(said.get("name") or "").strip() or usual
        if not _PLAIN.fullmatch(title):
            self.say(f"{name}.name", _ONE_LINE)
        return TaxRate(
            country=country,
            region=region,
            postcode=postcode,
            percent=percent,
            name=title,
            priority=priority,
            compound=bool(said.get("compound")),
        )

    def _percent(self, name: str, value: object) -> Decimal:
        found = percentage(value)
        if found is None:
            self.say(name, N_("a percentage such as 19 or 8.1"))
            return Decimal(0)
        return found

    def _number(self, name: str, value: object) -> Decimal:
        found = number(value)
        if found is None:
            self.say(name, N_("a number such as 4.90"))
            return Decimal(0)
        return found

    def _at_least_zero(self, name: str, value: Decimal, decimals: int) -> Decimal:
        if 0 <= value <= _DEAREST and value == round(value, decimals):
            return abs(round(value, decimals))
        self.say(name, N_("zero or more with at most %(decimals)d decimals"), decimals=decimals)
        return Decimal(0)

    def _amount(self, name: str, value: Decimal, currency: str) -> Decimal:
        places = decimals(currency)
        if value.is_finite() and 0 <= value <= _DEAREST and value == round(value, places):
            return abs(round(value, places))
        self.say(
            name,
            N_("an amount of zero or more with at most %(decimals)d decimals"),
            decimals=places,
        )
        return Decimal(0)

    def _known(self, name: str, item: str, choices: Sequence[str]) -> bool:
        if item in choices:
            return True
        self.say(f"{name}.{item[:40]}", _ONE_OF, choices=", ".join(choices))
        return False

    def _options(self, name: str, provider: str, given: Mapping[str, str]) -> dict[str, str]:
        known = options(provider)
        for key, value in given.items():
            if key not in known:
                told = N_("there is no such option, only: %(choices)s; secrets are kept apart")
                self.say(f"{name}.{key[:40]}", told, choices=", ".join(known) or "–")
            elif not known[key].accepts(value):
                if choices := ", ".join(known[key].choices):
                    self.say(f"{name}.{key}", _ONE_OF, choices=choices)
                else:
                    self.say(f"{name}.{key}", N_("not in the form that it has"))
            elif (mode := mode_of(value)) is not None and mode != given.get("mode", mode):
                self.say(f"{name}.{key}", N_("a key of the mode “%(mode)s”"), mode=mode)
        return dict(given)

    def _complete(self, name: str, provider: str, given: Mapping[str, str]) -> None:
        for key, option in options(provider).items():
            if option.required and key not in given:
                if option.choices:
                    self.say(f"{name}.{key}", _ONE_OF, choices=", ".join(option.choices))
                else:
                    self.say(f"{name}.{key}", N_("it is needed"))

    def drift(self, said: Mapping[str, str]) -> dict[str, DriftPolicy]:
        """What to do about fields that were changed in the shop."""
        for name, policy in said.items():
            if not _reacts(name):
                self.say(
                    "drift",
                    N_("“%(name)s” is not a field such as shipping.flatRate, or *"),
                    name=name[:60],
                )
            elif policy not in set(DriftPolicy):
                self.say(f"drift.{name}", _ONE_OF, choices=", ".join(DriftPolicy))
        return {name: DriftPolicy(item) for name, item in said.items() if item in set(DriftPolicy)}

    def site_code(self, code: str) -> str:
        """A website's code, as Magento takes it."""
        if not _SITE.fullmatch(code) or code in {MAIN_SITE, "admin", "default", "all"}:
            told = N_(
                "“%(code)s” is no code: a lowercase letter, then letters, digits or _ between "
                "them, at most 20"
            )
            self.wrong.append(("sites", Message(told, code=code[:40])))
        return code

    def site_name(self, text: str) -> str:
        """A website's name."""
        try:
            return check_display_name(text)
        except InvalidDisplayNameError as error:
            self.say("displayName", error.cause, **error.params)
            return text

    def url(self, text: str | None) -> str | None:
        """An address of http or https in its one spelling, nothing behind the host and port."""
        found = None if text is None else website_url(text)
        if text is not None and found is None:
            self.say(
                "url", N_("an address such as https://shop.example.com, a host without a path")
            )
        return found

    def expiry(self, moment: datetime | None) -> datetime | None:
        """A time to come, in UTC."""
        if moment is None:
            return None
        if moment.tzinfo is None:
            self.say("expiresAt", N_("a time with its zone, such as 2027-01-31T12:00:00Z"))
            return None
        # Compared before it is converted: the first and last days of the calendar have no UTC.
        now = datetime.now(UTC)
        if not now < moment <= now + _LONGEST:
            self.say("expiresAt", N_("in the future, at most 366 days ahead"))
            return None
        return moment.astimezone(UTC)

    def labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Keys and values as Kubernetes has them."""
        if len(labels) > _MOST["labels"]:
            self.say("labels", _AT_MOST, most=_MOST["labels"])
        for key, value in labels.items():
            if not _LABEL_KEY.fullmatch(key):
                told = N_(
                    "its name is 1 to 63 small letters, digits, “.”, “_”, “-” or “/”, a letter or "
                    "digit first and last"
                )
                self.say(f"labels.{key[:40]}", told)
            elif not _LABEL_VALUE.fullmatch(value):
                told = N_(
                    "at most 63 letters, digits, “.”, “_” or “-”, a letter or digit first and last"
                )
                self.say(f"labels.{key[:40]}", told)
        return dict(labels)


def _reacts(name: str) -> bool:
    """Whether a policy of this name is about something; a website may be gone by now."""
    site = name.split(".", 2)
    if site[0] == "sites":
        return len(site) < 3 or is_field(site[2])
    return name == "*" or is_field(name)


def _order(row: TableRate) -> tuple[str, str, str, Decimal]:
    return row.country, row.region, row.postcode, row.above


def _some(regions: Mapping[str, str]) -> str:
    """A few of a country's regions, for somebody who looks for the form that they have."""
    few = [f"{code} ({name})" for code, name in list(regions.items())[:3]]
    return ", ".join(few)
