"""A store: the tenant's shop, as wanted and as observed.

The JSON form of a specification and a status is that of the HTTP API and of the registry's columns,
so that a list is served without taking rows apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from controller.domain.commerce import CommerceSpec, DriftPolicy, TaxRate
from controller.domain.conditions import Condition, ConditionStatus, Desired, Phase
from controller.domain.documents import (
    commerce_from_json,
    commerce_to_json,
    tax_rate_from_json,
    tax_rate_to_json,
)
from controller.domain.mail import MailProof, Relay, relay_from_json, relay_to_json
from controller.domain.notes import Note, say
from controller.domain.plans import Plan, Scale, scale_from_json, scale_to_json

SAME_END = timedelta(minutes=1)
"""Two ends that are nearer than the shortest life are one."""

STORE_CONDITIONS = ("Bound", "Routed", "Configured", "Selling")
PRICED, TRANSLATED, MAILING = "Priced", "Translated", "Mailing"
SHORTFALLS = (PRICED, TRANSLATED, MAILING)
"""Conditions of what a store lacks although it takes orders all the same."""


MAIN_SITE = "base"
"""The code of the website that every store has."""


def site_and_field(name: str) -> tuple[str, str]:
    """The website of a field such as `sites.us.payments`, and the field's name within it."""
    parts = name.split(".", 2)
    if parts[0] == "sites" and len(parts) == 3:
        return parts[1], parts[2]
    return MAIN_SITE, name


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Whom shoppers write to or call; the owner's address stands in for a missing one."""

    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """One website of a store: its own country, languages, currencies, payment and shipping."""

    code: str
    display_name: str
    country: str
    locales: tuple[str, ...]
    commerce: CommerceSpec
    url: str | None = None
    """Where it is reached; None leaves it to the platform."""


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
    plan: Plan = Plan.STARTER
    scale: Scale | None = None
    """How many web servers; None leaves it to the plan."""
    contact: Contact = field(default_factory=Contact)
    mail: Relay | None = None
    """The relay that its mails go to; None leaves it to the platform."""
    tax_rates: tuple[TaxRate, ...] = ()
    drift: Mapping[str, DriftPolicy] = field(default_factory=dict)
    """What to do about a field that was changed in the shop; `*` is for all that are not named."""
    sites: tuple[Site, ...] = ()
    """Websites beside the main one."""
    expires_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def websites(self) -> tuple[Site, ...]:
        """Every website, the main one first."""
        main = Site(
            code=MAIN_SITE,
            display_name=self.display_name,
            country=self.country,
            locales=self.locales,
            commerce=self.commerce,
        )
        return (main, *self.sites)

    def policy(self, name: str) -> DriftPolicy:
        """What to do when a field, such as `shipping.flatRate`, was changed in the shop.

        The most exact name that is set decides, for a further website's field its name without the
        website too; without any, what we want is written back.
        """
        _, plain = site_and_field(name)
        for named in (name.split("."), plain.split(".")):
            for length in range(len(named), 0, -1):
                found = self.drift.get(".".join(named[:length]))
                if found is not None:
                    return found
        return self.drift.get("*", DriftPolicy.REVERT)


@dataclass(frozen=True, kw_only=True)
class AppliedConfig:
    """Which settings were written last: our digest of them and the shop's own checksum."""

    digest: str
    checksum: str
    extras: tuple[str, ...] = ()
    """What was written beside the settings, such as `taxRates`: it is taken back when it goes."""


@dataclass(frozen=True, kw_only=True)
class StoreStatus:
    """What was observed."""

    phase: Phase = Phase.PENDING
    ready: bool = False
    observed_generation: int = 0
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    url: str | None = None
    site_urls: Mapping[str, str] = field(default_factory=dict)
    """Where further websites are reached, by their codes."""
    config: AppliedConfig | None = None
    selling_since: datetime | None = None
    proven_at: datetime | None = None
    """When the newest test purchase went through."""
    proven_digest: str | None = None
    """The settings with which it went through."""
    ever_ready: bool = False
    mail: MailProof | None = None

    @property
    def shortfalls(self) -> tuple[Condition, ...]:
        """What is wanted and cannot be offered yet."""
        known = (self.conditions.get(kind) for kind in SHORTFALLS)
        return tuple(item for item in known if item is not None and not item.met)


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
    return {
        "displayName": spec.display_name,
        "country": spec.country,
        "locales": list(spec.locales),
        "timezone": spec.timezone,
        "weightUnit": spec.weight_unit,
        "contact": {"email": spec.contact.email, "phone": spec.contact.phone},
        "mail": relay_to_json(spec.mail),
        **commerce_to_json(spec.commerce),
        "taxRates": [tax_rate_to_json(rate) for rate in spec.tax_rates],
        "sites": {site.code: site_to_json(site) for site in spec.sites},
        "drift": {name: str(policy) for name, policy in spec.drift.items()},
        "engine": spec.engine,
        "plan": str(spec.plan),
        "scale": scale_to_json(spec.scale),
        "expiresAt": iso(spec.expires_at),
    }


def site_to_json(site: Site) -> dict[str, Any]:
    """One website; its code is its key."""
    return {
        "displayName": site.display_name,
        "country": site.country,
        "locales": list(site.locales),
        "url": site.url,
        **commerce_to_json(site.commerce),
    }


def spec_from_json(slug: str, labels: Mapping[str, str], data: Mapping[str, Any]) -> StoreSpec:
    """The inverse of `spec_to_json`; what an older release did not write has its default."""
    return StoreSpec(
        slug=slug,
        display_name=data["displayName"],
        country=data["country"],
        locales=tuple(data["locales"]),
        timezone=data["timezone"],
        weight_unit=data["weightUnit"],
        contact=Contact(**data.get("contact", {})),
        mail=relay_from_json(data.get("mail")),
        commerce=commerce_from_json(data),
        tax_rates=tuple(tax_rate_from_json(rate) for rate in data.get("taxRates", [])),
        sites=tuple(_site_from_json(code, site) for code, site in data.get("sites", {}).items()),
        drift={name: DriftPolicy(policy) for name, policy in data.get("drift", {}).items()},
        engine=data["engine"],
        plan=Plan(data.get("plan", Plan.STARTER)),
        scale=scale_from_json(data.get("scale")),
        expires_at=moment(data["expiresAt"]),
        labels=dict(labels),
    )


def _site_from_json(code: str, data: Mapping[str, Any]) -> Site:
    return Site(
        code=code,
        display_name=data["displayName"],
        country=data["country"],
        locales=tuple(data["locales"]),
        url=data["url"],
        commerce=commerce_from_json(data),
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
        "siteUrls": dict(status.site_urls),
        "sellingSince": iso(status.selling_since),
        "provenAt": iso(status.proven_at),
        "provenDigest": status.proven_digest,
        "everReady": status.ever_ready,
        "config": config_to_json(config) if config else None,
        "mail": _mail_to_json(status.mail),
        "conditions": [condition_to_json(item) for item in status.conditions.values()],
    }


def config_to_json(config: AppliedConfig) -> dict[str, Any]:
    """Which settings were written last."""
    return {"digest": config.digest, "checksum": config.checksum, "extras": list(config.extras)}


def _mail_to_json(mail: MailProof | None) -> dict[str, Any] | None:
    """The newest test mail."""
    if mail is None:
        return None
    return {"digest": mail.digest, "testedAt": iso(mail.at), "error": mail.error or None}


def _mail_from_json(data: Mapping[str, Any] | None) -> MailProof | None:
    at = moment(data["testedAt"]) if data else None
    if data is None or at is None:
        return None
    return MailProof(digest=data["digest"], at=at, error=data["error"] or "")


def _config_from_json(data: Mapping[str, Any]) -> AppliedConfig:
    extras = tuple(data.get("extras", ()))
    return AppliedConfig(digest=data["digest"], checksum=data["checksum"], extras=extras)


def status_from_json(data: Mapping[str, Any]) -> StoreStatus:
    """The inverse of `status_to_json`."""
    return StoreStatus(
        phase=Phase(data["phase"]),
        ready=data["ready"],
        observed_generation=data["observedGeneration"],
        conditions=conditions_from_json(data["conditions"]),
        url=data["url"],
        site_urls=data.get("siteUrls", {}),
        config=_config_from_json(data["config"]) if data["config"] else None,
        selling_since=moment(data["sellingSince"]),
        proven_at=moment(data["provenAt"]),
        proven_digest=data["provenDigest"],
        ever_ready=data["everReady"],
        mail=_mail_from_json(data.get("mail")),
    )
