"""What the API accepts: frozen models that refuse unknown fields. Routes turn them into drafts."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from controller.api.patches import patched
from controller.commerce.drafts import Draft, lifetime
from controller.domain import spellings
from controller.domain.clusters import Wish
from controller.i18n import N_

Text = Annotated[str, Field(max_length=200)]


def _number(value: Any) -> Decimal:
    found = spellings.number(value)
    if found is None:
        raise ValueError(N_("a number such as 4.90"))
    return found


def _whole(value: Any) -> int:
    found = spellings.whole(value)
    if found is None:
        raise ValueError(N_("a whole number"))
    return found


def _switch(value: Any) -> bool:
    said = value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))
    if said is None:
        raise ValueError(N_("true or false"))
    return said


def _moment(value: Any) -> Any:
    # Pydantic would take a number for seconds since 1970, or for milliseconds if it is large.
    if not isinstance(value, str | datetime) or (
        isinstance(value, str) and spellings.number(value) is not None
    ):
        raise ValueError(N_("a time with its zone, such as 2027-01-31T12:00:00Z"))
    return value


def _percentage(value: Any) -> Any:
    found = spellings.percentage(value)
    if found is None:
        raise ValueError(N_("a percentage such as 19 or 8.1"))
    return found


# People's spellings are read, and nothing else is converted.
Number = Annotated[Decimal, BeforeValidator(_number)]
Percentage = Annotated[Decimal, BeforeValidator(_percentage)]
Whole = Annotated[int, BeforeValidator(_whole)]
Switch = Annotated[bool, BeforeValidator(_switch)]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class Input(BaseModel):
    """The base: camelCase names, nothing unknown, no silent conversions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, hide_input_in_errors=True
    )


class CurrenciesInput(Input):
    """ISO 4217 codes, and how exchange rates are made: a markup in basis points, fixed pairs."""

    base: Text | None = None
    default: Text | None = None
    allowed: Annotated[tuple[Text, ...] | None, Field(max_length=100)] = None
    markup_bps: Whole | None = None
    pins: Annotated[dict[Text, Number | None] | None, Field(max_length=400)] = None


class RowInput(Input):
    """One table rate: `*` or nothing is everywhere."""

    country: Text | None = None
    region: Text | None = None
    postcode: Text | None = None
    above: Number = Decimal(0)
    price: Number


class TableInput(Input):
    """Table rates by weight, value or items."""

    by: Text
    rows: Annotated[tuple[RowInput, ...], Field(max_length=10_000)]


class OriginInput(Input):
    """Where parcels leave from."""

    region: Text | None = None
    postcode: Text | None = None
    city: Text | None = None
    street: Text | None = None


Options = Annotated[
    dict[Text, dict[Text, Annotated[str, Field(max_length=2000)] | None] | None],
    Field(max_length=20),
]
"""Options of providers; null takes a provider away."""


class ShippingInput(Input):
    """Shipping; null takes a way away."""

    flat_rate: Number | None = None
    free_from: Number | None = None
    table_rates: TableInput | None = None
    origin: OriginInput | None = None
    carriers: Options | None = None


class TaxRateInput(Input):
    """A tax of a place."""

    country: Text
    region: Text | None = None
    postcode: Text | None = None
    percent: Percentage
    name: Text | None = None
    priority: Whole | None = None
    compound: Switch | None = None


class ContactInput(Input):
    """Whom shoppers reach."""

    email: Text | None = None
    phone: Text | None = None


class MailInput(Input):
    """The relay that a shop's mails go to; its password is the secret `smtp.password`."""

    host: Text | None = None
    port: int | None = None
    encryption: Text | None = None
    username: Text | None = None
    sender: Annotated[Text | None, Field(alias="from")] = None


class OfferInput(Input):
    """What can be said about a website; what is left out, its country decides."""

    display_name: Text | None = None
    locales: Annotated[tuple[Text, ...] | None, Field(max_length=100)] = None
    currencies: CurrenciesInput | None = None
    payments: Annotated[tuple[Text, ...] | None, Field(max_length=100)] = None
    gateways: Options | None = None
    shipping: ShippingInput | None = None
    prices_include_tax: Switch | None = None


class SiteInput(OfferInput):
    """A further website."""

    country: Text | None = None
    url: Text | None = None


class ScaleInput(Input):
    """How many web servers: between the two, as many as visitors need."""

    min: Whole | None = None
    max: Whole | None = None


class ScaleNowInput(ScaleInput):
    """Another scale; `now` is for at once."""

    now: Whole | None = None


class RestoreInput(Input):
    """Which backup is loaded over what a store has."""

    backup: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]


class SpecInput(OfferInput):
    """What can be said about a store; what is left out, the country decides."""

    plan: Text | None = None
    scale: ScaleInput | None = None
    timezone: Text | None = None
    weight_unit: Text | None = None
    contact: ContactInput | None = None
    mail: MailInput | None = None
    """Null leaves it to the platform."""
    tax_rates: Annotated[tuple[TaxRateInput, ...] | None, Field(max_length=1000)] = None
    sites: Annotated[dict[Text, SiteInput | None] | None, Field(max_length=100)] = None
    drift: Annotated[dict[Text, Text | None] | None, Field(max_length=100)] = None
    expires_at: Moment | None = None
    labels: Annotated[dict[str, str] | None, Field(max_length=100)] = None


class ApplyInput(SpecInput):
    """A whole specification, for a store whose name is in the path."""

    country: Text
    email: Text | None = None
    """The owner's address, when the operator makes the store."""
    engine: Text | None = None
    ttl: Text | None = None
    """A time to live such as 2h, instead of expiresAt."""
    cluster: Text | None = None
    """The cluster to run on; left out, the platform chooses. A store that is there stays."""
    region: Text | None = None
    """The region to run in, when no cluster is named."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.ttl is not None and self.expires_at is not None:
            raise ValueError(N_("either ttl or expiresAt"))
        return self

    @property
    def wish(self) -> Wish | None:
        """Where it is wanted; None leaves that to the platform."""
        if self.cluster is None and self.region is None:
            return None
        return Wish(cluster=self.cluster, region=self.region)

    def draft(self, name: str) -> Draft:
        """As a draft of a store of this name; raises InvalidDurationError."""
        expires_at = self.expires_at if self.ttl is None else datetime.now(UTC) + lifetime(self.ttl)
        bare = Draft(name=name, country=self.country, engine=self.engine)
        return replace(patched(bare, self), expires_at=expires_at)


class AccessInput(Input):
    """A shop that somebody else runs: its public address and its integration's access token."""

    url: Text
    access_token: Annotated[SecretStr, Field(min_length=8, max_length=4000)]

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        found = AnyHttpUrl(value)
        if found.query or found.fragment or found.username:
            raise ValueError(N_("an address such as https://shop.example.com"))
        return str(found).rstrip("/")


class CreateInput(ApplyInput):
    """A new store."""

    name: Text
    adopt: AccessInput | None = None
    """Take over a shop that is there already, instead of starting one."""


class ExtendInput(Input):
    """How much longer a store is to live, such as 2h."""

    by: Text


class PurgeInput(Input):
    """The confirmation of a purge."""

    confirm: Text


class TokenInput(Input):
    """A new token."""

    display_name: Text
    tenant: Text | None = None
    ttl: Text | None = None
