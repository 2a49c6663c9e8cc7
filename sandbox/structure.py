"""The settings that the shop knows: what each may hold, where it may be set, its first value.

`config` validates against this table. Paths and scopes are those of the REST contract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import money, regions

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPES = ("default", "websites", "stores")
EMAIL = re.compile(r"[^@\s\x00-\x1f<>\"]+@[^@\s\x00-\x1f<>\"]+")
BASE_URL = re.compile(r"https?://[A-Za-z0-9\[\]:.-]+(/[A-Za-z0-9._~/-]*)?/")
LONGEST = 4096


@dataclass(frozen=True, kw_only=True)
class Field:
    """One setting. `option` says whether one value is among its options, None when any text is."""

    scopes: tuple[str, ...]
    default: str | None = None
    option: Callable[[str], bool] | None = None
    multiple: bool = False
    number: bool = False
    sensitive: bool = False


def is_email(value: str) -> bool:
    """Tell whether a mail could be sent to this address."""
    return len(value) <= 254 and EMAIL.fullmatch(value) is not None


def is_base_url(value: str) -> bool:
    """Tell whether this is a shop's address: http or https, ending in a slash."""
    return len(value) <= 255 and BASE_URL.fullmatch(value) is not None


def among(*options: str) -> Callable[[str], bool]:
    """Return a check for a closed set of options."""
    return frozenset(options).__contains__


ANY = SCOPES
SITE = SCOPES[:2]
GLOBAL = SCOPES[:1]
YES_NO = among("0", "1")
CURRENCY = money.CURRENCIES.__contains__
COUNTRY = frozenset(regions.COUNTRIES).__contains__


def payment(title: str, active: str, sort_order: str, **extra: Field) -> dict[str, Field]:
    """Return the settings that every payment method has, and its own."""
    return {
        "active": Field(scopes=SITE, default=active, option=YES_NO),
        "title": Field(scopes=ANY, default=title),
        "sort_order": Field(scopes=SITE, default=sort_order, number=True),
        "min_order_total": Field(scopes=SITE, number=True),
        "max_order_total": Field(scopes=SITE, number=True),
        "allowspecific": Field(scopes=SITE, default="0", option=YES_NO),
        "specificcountry": Field(scopes=SITE, option=COUNTRY, multiple=True),
        **extra,
    }


def carrier(title: str, name: str, active: str, **extra: Field) -> dict[str, Field]:
    """Return the settings that every carrier has, and its own."""
    return {
        "active": Field(scopes=SITE, default=active, option=YES_NO),
        "title": Field(scopes=ANY, default=title),
        "name": Field(scopes=ANY, default=name),
        "sort_order": Field(scopes=SITE, default="0", number=True),
        "sallowspecific": Field(scopes=SITE, default="0", option=YES_NO),
        "specificcountry": Field(scopes=SITE, option=COUNTRY, multiple=True),
        **extra,
    }


TEXT = Field(scopes=ANY)
GROUPS: dict[str, dict[str, Field]] = {
    "general/locale": {
        "code": Field(scopes=ANY, default="en_US", option=regions.is_locale),
        "timezone": Field(scopes=SITE, default="UTC", option=regions.is_timezone),
        "weight_unit": Field(scopes=ANY, default="kgs", option=among("kgs", "lbs")),
    },
    "general/country": {
        "default": Field(scopes=ANY, default="US", option=COUNTRY),
        "allow": Field(scopes=SITE, option=COUNTRY, multiple=True),
    },
    "general/store_information": {
        "name": TEXT,
        "phone": TEXT,
        "hours": TEXT,
        "country_id": Field(scopes=SITE, option=COUNTRY),
        "postcode": Field(scopes=SITE),
        "city": Field(scopes=SITE),
        "street_line1": Field(scopes=SITE),
        "street_line2": Field(scopes=SITE),
    },
    "trans_email/ident_general": {"name": TEXT, "email": Field(scopes=ANY, option=is_email)},
    "trans_email/ident_sales": {"name": TEXT, "email": Field(scopes=ANY, option=is_email)},
    "currency/options": {
        "base": Field(scopes=SITE, default="USD", option=CURRENCY),
        "default": Field(scopes=ANY, default="USD", option=CURRENCY),
        "allow": Field(scopes=ANY, default="USD", option=CURRENCY, multiple=True),
    },
    "catalog/price": {"scope": Field(scopes=GLOBAL, default="0", option=YES_NO)},
    "web/unsecure": {"base_url": Field(scopes=ANY, option=is_base_url)},
    "web/secure": {
        "base_url": Field(scopes=ANY, option=is_base_url),
        "use_in_frontend": Field(scopes=ANY, default="0", option=YES_NO),
        "use_in_adminhtml": Field(scopes=GLOBAL, default="0", option=YES_NO),
    },
    "payment/checkmo": payment(
        "Check / Money order", "1", "10", payable_to=TEXT, mailing_address=TEXT
    ),
    "payment/banktransfer": payment("Bank Transfer Payment", "0", "20", instructions=TEXT),
    "payment/cashondelivery": payment("Cash On Delivery", "0", "30", instructions=TEXT),
    "payment/purchaseorder": payment("Purchase Order", "0", "40"),
    "payment/free": payment("No Payment Information Required", "1", "1"),
    "carriers/flatrate": carrier(
        "Flat Rate",
        "Fixed",
        "1",
        price=Field(scopes=SITE, default="5.00", number=True),
        type=Field(scopes=SITE, default="I", option=among("", "O", "I")),
    ),
    "carriers/freeshipping": carrier(
        "Free Shipping",
        "Free",
        "0",
        free_shipping_subtotal=Field(scopes=SITE, number=True),
    ),
    "carriers/ups": {"password": Field(scopes=SITE, sensitive=True)},
    "shipping/origin": {
        "country_id": Field(scopes=SITE, default="US", option=COUNTRY),
        "region_id": Field(scopes=SITE),
        "postcode": Field(scopes=SITE),
        "city": Field(scopes=SITE),
        "street_line1": Field(scopes=SITE),
        "street_line2": Field(scopes=SITE),
    },
    "tax/display": {"type": Field(scopes=ANY, default="1", option=among("1", "2", "3"))},
}
FIELDS = {
    f"{group}/{name}": field for group, names in GROUPS.items() for name, field in names.items()
}


def refusal(path: str, field: Field, value: str) -> str | None:
    """Return why this value is not acceptable, or None; an empty value stands for "not set"."""
    if len(value) > LONGEST:
        return f'"{path}" is longer than {LONGEST} characters.'
    if field.sensitive and value and not value.strip("*"):
        return "A value of asterisks is what is shown instead of a secret; it is not stored."
    if field.option is not None:
        given = value.split(",") if field.multiple else [value]
        bad = [
            one for one in given if not field.option(one) and not (one == "" and optional(field))
        ]
        if bad:
            return f'"{",".join(bad)[:80]}" is not among the options of "{path}".'
    if field.number and value:
        amount = money.decimal(value)
        if amount is None:
            return f'"{path}" must be a number.'
        if amount < 0:
            return f'"{path}" must be zero or greater.'
    return None


def optional(field: Field) -> bool:
    """Tell whether the setting may be empty: it may when it is not set from the beginning."""
    return field.default is None
