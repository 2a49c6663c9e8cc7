"""What the API accepts: frozen models that refuse unknown fields. Routes turn them into drafts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from controller.commerce.drafts import Draft, lifetime

Text = Annotated[str, Field(max_length=200)]


class Input(BaseModel):
    """The base: camelCase names, nothing unknown, no silent conversions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, hide_input_in_errors=True
    )


class CurrenciesInput(Input):
    """ISO 4217 codes."""

    base: Text | None = None
    default: Text | None = None
    allowed: Annotated[tuple[Text, ...] | None, Field(max_length=100)] = None


class ShippingInput(Input):
    """Shipping."""

    flat_rate: Decimal | None = None


class SpecInput(Input):
    """What can be said about a store; what is left out, the country decides."""

    display_name: Text | None = None
    locales: Annotated[tuple[Text, ...] | None, Field(max_length=100)] = None
    timezone: Text | None = None
    weight_unit: Text | None = None
    currencies: CurrenciesInput | None = None
    payments: Annotated[tuple[Text, ...] | None, Field(max_length=100)] = None
    shipping: ShippingInput | None = None
    prices_include_tax: bool | None = None
    expires_at: datetime | None = None
    labels: Annotated[dict[str, str] | None, Field(max_length=100)] = None


class ApplyInput(SpecInput):
    """A whole specification, for a store whose name is in the path."""

    country: Text
    email: Text | None = None
    """The owner's address, when the operator makes the store."""
    engine: Text | None = None
    ttl: Text | None = None
    """A time to live such as 2h, instead of expiresAt."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.ttl is not None and self.expires_at is not None:
            raise ValueError("either ttl or expiresAt")
        return self

    def draft(self, name: str) -> Draft:
        """As a draft of a store of this name; raises InvalidDurationError."""
        currencies = self.currencies or CurrenciesInput()
        expires_at = self.expires_at if self.ttl is None else datetime.now(UTC) + lifetime(self.ttl)
        return Draft(
            name=name,
            country=self.country,
            display_name=self.display_name,
            locales=self.locales,
            timezone=self.timezone,
            weight_unit=self.weight_unit,
            base_currency=currencies.base,
            default_currency=currencies.default,
            allowed_currencies=currencies.allowed,
            payments=self.payments,
            flat_rate=self.shipping.flat_rate if self.shipping else None,
            prices_include_tax=self.prices_include_tax,
            engine=self.engine,
            expires_at=expires_at,
            labels=self.labels or {},
        )


class CreateInput(ApplyInput):
    """A new store."""

    name: Text


class PurgeInput(Input):
    """The confirmation of a purge."""

    confirm: Text


class TokenInput(Input):
    """A new token."""

    display_name: Text
    tenant: Text | None = None
    ttl: Text | None = None


def field_errors(errors: list[Any]) -> tuple[tuple[str, str], ...]:
    """Pydantic's findings as (field, message), without what was sent."""
    return tuple(
        (
            ".".join(str(part)[:80] for part in error["loc"] if part != "body") or "body",
            error["msg"],
        )
        for error in errors[:50]
    )
