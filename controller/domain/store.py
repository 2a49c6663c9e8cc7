"""A store: the tenant's shop, as wanted and as observed.

The JSON form of a specification and a status is that of the HTTP API and of the registry's columns,
so that a list is served without taking rows apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from controller.domain.commerce import CommerceSpec, Currencies, Payment
from controller.domain.conditions import Condition, ConditionStatus, Desired, Phase
from controller.domain.notes import Note, say

STORE_CONDITIONS = ("Bound", "Routed", "Configured", "Selling")


@dataclass(frozen=True, kw_only=True)
class StoreSpec:
    """What the owner wants. `locales` are CLDR ids, the first is the default."""

    slug: str
    display_name: str
    country: str
    locales: tuple[str, ...]
    timezone: str
    weight_unit: str
    commerce: CommerceSpec
    engine: str
    expires_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AppliedConfig:
    """Which settings were written last: our digest of them and the shop's own checksum."""

    digest: str
    checksum: str


@dataclass(frozen=True, kw_only=True)
class StoreStatus:
    """What was observed."""

    phase: Phase = Phase.PENDING
    ready: bool = False
    observed_generation: int = 0
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    url: str | None = None
    config: AppliedConfig | None = None
    selling_since: datetime | None = None
    proven_at: datetime | None = None
    """When the newest test purchase went through."""
    proven_digest: str | None = None
    """The settings with which it went through."""
    ever_ready: bool = False


@dataclass(frozen=True, kw_only=True)
class Store:
    """The tenant's shop."""

    uid: str
    tenant: str
    owner: str
    stack: str
    generation: int
    desired: Desired
    spec: StoreSpec
    status: StoreStatus
    operation: str | None
    created_at: datetime
    updated_at: datetime
    retired_at: datetime | None = None


def iso(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, as every JSON of ours writes time."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def moment(text: str | None) -> datetime | None:
    """The inverse of `iso`."""
    return datetime.fromisoformat(text) if text else None


def spec_to_json(spec: StoreSpec) -> dict[str, Any]:
    """The specification as the API shows it (the name and labels are metadata there)."""
    commerce = spec.commerce
    return {
        "displayName": spec.display_name,
        "country": spec.country,
        "locales": list(spec.locales),
        "timezone": spec.timezone,
        "weightUnit": spec.weight_unit,
        "currencies": {
            "base": commerce.currencies.base,
            "default": commerce.currencies.default,
            "allowed": list(commerce.currencies.allowed),
        },
        "payments": [str(payment) for payment in commerce.payments],
        "shipping": {"flatRate": str(commerce.flat_rate)},
        "pricesIncludeTax": commerce.prices_include_tax,
        "engine": spec.engine,
        "expiresAt": iso(spec.expires_at),
    }


def spec_from_json(slug: str, labels: Mapping[str, str], data: Mapping[str, Any]) -> StoreSpec:
    """The inverse of `spec_to_json`."""
    currencies = data["currencies"]
    return StoreSpec(
        slug=slug,
        display_name=data["displayName"],
        country=data["country"],
        locales=tuple(data["locales"]),
        timezone=data["timezone"],
        weight_unit=data["weightUnit"],
        commerce=CommerceSpec(
            currencies=Currencies(
                base=currencies["base"],
                default=currencies["default"],
                allowed=tuple(currencies["allowed"]),
            ),
            payments=tuple(Payment(name) for name in data["payments"]),
            flat_rate=Decimal(data["shipping"]["flatRate"]),
            prices_include_tax=data["pricesIncludeTax"],
        ),
        engine=data["engine"],
        expires_at=moment(data["expiresAt"]),
        labels=dict(labels),
    )


def spec_changes(old: StoreSpec, new: StoreSpec) -> list[tuple[str, object, object]]:
    """Each top-level field that differs, as (name, from, to)."""
    before, after = spec_to_json(old), spec_to_json(new)
    before["labels"], after["labels"] = dict(old.labels), dict(new.labels)
    return [(name, before[name], after[name]) for name in after if before[name] != after[name]]


def condition_to_json(condition: Condition) -> dict[str, Any]:
    """A condition as Kubernetes writes it, plus the parameters that its sentence is made of."""
    return {
        "type": condition.type,
        "status": str(condition.status),
        "reason": condition.note.reason,
        "params": dict(condition.note.params),
        "message": say(condition.note.reason, condition.note.params, str),
        "lastTransitionTime": iso(condition.since),
    }


def conditions_from_json(items: list[dict[str, Any]]) -> dict[str, Condition]:
    """The inverse, for a list."""
    return {
        item["type"]: Condition(
            type=item["type"],
            status=ConditionStatus(item["status"]),
            note=Note(reason=item["reason"], params=item["params"]),
            since=moment(item["lastTransitionTime"]),
        )
        for item in items
    }


def status_to_json(status: StoreStatus) -> dict[str, Any]:
    """The status as the API shows it."""
    config = status.config
    return {
        "phase": str(status.phase),
        "ready": status.ready,
        "observedGeneration": status.observed_generation,
        "url": status.url,
        "sellingSince": iso(status.selling_since),
        "provenAt": iso(status.proven_at),
        "provenDigest": status.proven_digest,
        "everReady": status.ever_ready,
        "config": {"digest": config.digest, "checksum": config.checksum} if config else None,
        "conditions": [condition_to_json(item) for item in status.conditions.values()],
    }


def status_from_json(data: Mapping[str, Any]) -> StoreStatus:
    """The inverse of `status_to_json`."""
    return StoreStatus(
        phase=Phase(data["phase"]),
        ready=data["ready"],
        observed_generation=data["observedGeneration"],
        conditions=conditions_from_json(data["conditions"]),
        url=data["url"],
        config=AppliedConfig(**data["config"]) if data["config"] else None,
        selling_since=moment(data["sellingSince"]),
        proven_at=moment(data["provenAt"]),
        proven_digest=data["provenDigest"],
        ever_ready=data["everReady"],
    )
