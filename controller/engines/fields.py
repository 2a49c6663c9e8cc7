"""Which of Magento's configuration paths each field of a specification becomes, and back.

`settings` walks the rules for every website of a store, in this order, in which each value is
valid after those before it. What payment providers and carriers need is in `gateways`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from controller.domain.commerce import OFFLINE, Carrier, Payment, TableBasis
from controller.domain.mail import Encryption, Relay
from controller.domain.store import MAIN_SITE, Site, Store
from controller.engines.abilities import abilities_of

METHODS: Mapping[Payment, str] = {
    Payment.CHECK: "checkmo",
    Payment.BANK_TRANSFER: "banktransfer",
    Payment.CASH_ON_DELIVERY: "cashondelivery",
    Payment.PURCHASE_ORDER: "purchaseorder",
    Payment.PAYPAL: "paypal_express",
    Payment.BRAINTREE: "braintree",
    Payment.STRIPE: "stripe_payments",
    Payment.ADYEN: "adyen",
}
"""The code of each payment method; a provider's several methods begin with its code."""

CONDITIONS: Mapping[TableBasis, str] = {
    TableBasis.WEIGHT: "package_weight",
    TableBasis.VALUE: "package_value_with_discount",
    TableBasis.ITEMS: "package_qty",
}

ABILITIES = abilities_of("magento")

Values = Mapping[str, str]
"""Path to value."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One field of a website."""

    field: str
    """As the API spells it, such as `shipping.flatRate`."""
    write: Callable[[Site, Store], Values]
    read: Callable[[Mapping[str, str | None]], Any] | None = None
    """The field's value in the API's JSON from what the shop has; None when it cannot be said.
    Raises ValueError, KeyError or ArithmeticError when the shop's values make none."""
    main_only: bool = False
    """Whether further websites have the main one's."""


def yes(wanted: object) -> str:
    """A switch."""
    return "1" if wanted else "0"


def contact(store: Store) -> str:
    """Whom shoppers write to."""
    return store.spec.contact.email or store.owner


def _email(store: Store) -> dict[str, str]:
    address = contact(store)
    if not address.isascii():
        # Magento takes none of these; its own stays until a contact is named.
        return {}
    return {
        "trans_email/ident_general/email": address,
        "trans_email/ident_sales/email": address,
    }


def _currencies(site: Site) -> str:
    currencies = site.commerce.currencies
    return ",".join(dict.fromkeys((*currencies.allowed, currencies.default)))


def _active(method: Payment) -> str:
    return f"payment/{METHODS[method]}/active"


def _offline(site: Site, store: Store) -> Values:  # noqa: ARG001 -- one shape for all.
    payments = site.commerce.payments
    return {_active(method): yes(method in payments) for method in METHODS if method in OFFLINE}


def _offered(actual: Mapping[str, str | None]) -> list[str] | None:
    offered = [str(method) for method in Payment if actual.get(_active(method)) == "1"]
    return offered or None


def _flat_rate(site: Site, store: Store) -> Values:  # noqa: ARG001
    rate = site.commerce.shipping.flat_rate
    if rate is None:
        return {"carriers/flatrate/active": "0"}
    return {
        "carriers/flatrate/active": "1",
        "carriers/flatrate/type": "O",
        "carriers/flatrate/price": str(rate),
    }


def _free(site: Site, store: Store) -> Values:  # noqa: ARG001
    bound = site.commerce.shipping.free_from
    if bound is None:
        return {"carriers/freeshipping/active": "0"}
    return {
        "carriers/freeshipping/active": "1",
        "carriers/freeshipping/free_shipping_subtotal": str(bound),
    }


def _table(site: Site, store: Store) -> Values:  # noqa: ARG001
    table = site.commerce.shipping.table
    if table is None:
        return {"carriers/tablerate/active": "0"}
    return {
        "carriers/tablerate/active": "1",
        "carriers/tablerate/condition_name": CONDITIONS[table.by],
    }


def _origin(site: Site, store: Store) -> Values:  # noqa: ARG001
    origin = site.commerce.shipping.origin
    said = {
        "shipping/origin/postcode": origin.postcode,
        "shipping/origin/city": origin.city,
        "shipping/origin/street_line1": origin.street,
    }
    return {path: value for path, value in said.items() if value}


def _tax(site: Site, store: Store) -> Values:  # noqa: ARG001
    # In what is shown, 1 is without tax and 2 with it.
    inclusive = site.commerce.prices_include_tax
    shown = "2" if inclusive else "1"
    return {
        "tax/calculation/price_includes_tax": yes(inclusive),
        "tax/display/type": shown,
        "tax/cart_display/price": shown,
        "tax/cart_display/subtotal": shown,
    }


_TLS = {Encryption.NONE: "none", Encryption.STARTTLS: "tls", Encryption.TLS: "ssl"}
"""As Magento spells it: what it calls TLS begins in the clear."""


def mailing(relay: Relay, sender: str) -> Values:
    """How mails leave; without a relay none do, and the shop tries no program that is not there."""
    if not relay.host:
        return {"system/smtp/disable": "1"}
    # With a sender of the relay's own the contact's addresses are not written on their own.
    own = ("general", "sales", "support") if relay.sender else ("support",)
    user = {"system/smtp/username": relay.username} if relay.username else {}
    return {
        "system/smtp/disable": "0",
        "system/smtp/transport": "smtp",
        "system/smtp/host": relay.host,
        "system/smtp/port": str(relay.port),
        "system/smtp/ssl": _TLS[relay.encryption],
        "system/smtp/auth": "login" if relay.username else "none",
        **user,
        **({f"trans_email/ident_{name}/email": sender for name in own} if sender.isascii() else {}),
    }


def _phone(site: Site, store: Store) -> Values:  # noqa: ARG001
    phone = store.spec.contact.phone
    return {"general/store_information/phone": phone} if phone else {}


def _price(active: str, price: str) -> Callable[[Mapping[str, str | None]], str | None]:
    def read(actual: Mapping[str, str | None]) -> str | None:
        if actual[active] != "1":
            return None
        found = Decimal(str(actual[price]))
        if not found.is_finite():
            raise InvalidOperation
        return str(found)

    return read


def _text(path: str) -> Callable[[Mapping[str, str | None]], str]:
    def read(actual: Mapping[str, str | None]) -> str:
        found = actual[path]
        if not found:
            raise ValueError(path)
        return found

    return read


RULES: tuple[Rule, ...] = (
    Rule(
        field="currencies.base",
        # Without it a website has no base currency of its own.
        write=lambda site, _: {"catalog/price/scope": "1"} if site.code == MAIN_SITE else {},
    ),
    Rule(
        field="currencies.allowed",
        write=lambda site, _: {"currency/options/allow": _currencies(site)},
        read=lambda actual: _text("currency/options/allow")(actual).split(","),
    ),
    Rule(
        field="currencies.base",
        write=lambda site, _: {"currency/options/base": site.commerce.currencies.base},
    ),
    Rule(
        field="currencies.default",
        write=lambda site, _: {"currency/options/default": site.commerce.currencies.default},
        read=_text("currency/options/default"),
    ),
    Rule(
        field="country",
        write=lambda site, _: {
            "general/country/default": site.country,
            "general/store_information/country_id": site.country,
            "shipping/origin/country_id": site.country,
        },
    ),
    Rule(
        field="country",
        # A fresh shop demands a region and a postcode where addresses have none.
        write=lambda _site, _store: {
            "general/region/state_required": ",".join(sorted(ABILITIES.regions_needed)),
            "general/country/optional_zip_countries": ",".join(
                sorted(ABILITIES.postcodes_optional)
            ),
        },
        main_only=True,
    ),
    Rule(
        field="locales",
        write=lambda site, _: {"general/locale/code": ABILITIES.locale(site.locales[0])},
    ),
    Rule(
        field="timezone",
        write=lambda _, store: {"general/locale/timezone": store.spec.timezone},
        read=_text("general/locale/timezone"),
        main_only=True,
    ),
    Rule(
        field="weightUnit",
        write=lambda _, store: {"general/locale/weight_unit": store.spec.weight_unit},
        read=_text("general/locale/weight_unit"),
        main_only=True,
    ),
    Rule(
        field="displayName",
        write=lambda site, _: {
            "general/store_information/name": site.display_name,
            "trans_email/ident_general/name": site.display_name,
            "trans_email/ident_sales/name": site.display_name,
        },
        read=_text("general/store_information/name"),
    ),
    Rule(
        field="contact.email",
        write=lambda _, store: _email(store),
        read=_text("trans_email/ident_general/email"),
        main_only=True,
    ),
    Rule(
        field="contact.phone",
        write=_phone,
        read=_text("general/store_information/phone"),
        main_only=True,
    ),
    Rule(field="shipping.origin", write=_origin),
    Rule(
        field="shipping.flatRate",
        write=_flat_rate,
        read=_price("carriers/flatrate/active", "carriers/flatrate/price"),
    ),
    Rule(
        field="shipping.freeFrom",
        write=_free,
        read=_price("carriers/freeshipping/active", "carriers/freeshipping/free_shipping_subtotal"),
    ),
    Rule(field="shipping.tableRates", write=_table),
    Rule(
        field="pricesIncludeTax",
        write=_tax,
        read=lambda actual: actual["tax/calculation/price_includes_tax"] == "1",
    ),
    Rule(field="payments", write=_offline, read=_offered),
)

_WHOLE = {*(rule.field for rule in RULES), "taxRates", "url", "mail"}
_PROVIDERS = (
    *(f"gateways.{payment}" for payment in Payment),
    *(f"shipping.carriers.{carrier}" for carrier in Carrier),
    *Payment,
    *Carrier,
)
"""What has fields of its own, as many as its provider has options and secrets."""


def is_field(name: str) -> bool:
    """Whether a field of a website is called so, or a group of them, such as `shipping`."""
    group = f"{name}."
    return any(
        known == name or known.startswith(group) for known in (*_WHOLE, *_PROVIDERS)
    ) or name.startswith(tuple(f"{provider}." for provider in _PROVIDERS))
