"""Plans: which sizes a shop gets, as values of its software's chart (`helm/magento`, …).

A plan is a file of `templates/plans/ENGINE`, rendered by Jinja2 with what is known of the shop and
of the cluster. The chart's schema has the last word; tests/cluster holds every plan to it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controller.domain.clusters import ClusterOffer, ClusterSpec
from controller.domain.images import Image
from controller.domain.plans import Plan, Scale
from controller.domain.stack import Stack
from controller.domain.yamltext import load
from controller.engines.abilities import abilities_of
from controller.engines.values import Values, for_chart, merged

SECRET: Final = "shop-secrets"  # noqa: S105 -- the name of a Secret.
"""The Secret with a shop's passwords and key, which is there before the release."""
TEMPLATES: Final = Path(__file__).resolve().parents[2] / "templates" / "plans"


@dataclass(frozen=True, kw_only=True)
class PlannedShop:
    """What a plan is told of the shop."""

    uid: str
    """The instance that the Bridge names."""
    name: str
    tenant: str
    image: str
    image_tag: str
    secret: str
    """Name of the Secret with the shop's passwords and key."""
    websites: Mapping[str, str]
    """Host to website's code; an empty code is the default website."""
    base_url: str
    """With a slash at its end."""
    language: str
    """As Magento spells it: en_US."""
    currency: str
    timezone: str
    image_digest: str = ""
    scale: Scale | None = None
    """None leaves it to the plan."""
    database: Mapping[str, Any] = field(default_factory=dict)
    """Where its database is, when that is not in the release: host, port, name, user."""
    media: Mapping[str, Any] = field(default_factory=dict)
    """The bucket of its media, when they are on no volume: bucket, region, endpoint, prefix, and
    the role that opens it without keys."""


def values_of(
    plan: Plan, shop: PlannedShop, cluster: ClusterOffer, engine: str = "magento"
) -> dict[str, Any]:
    """Return the chart's values for a shop of this plan on this cluster."""
    values = _rendered(f"{engine}/{plan}", plan=plan, shop=shop, cluster=cluster)
    if shop.scale is not None:
        values["web"] |= _scaled(values["web"], shop.scale)
    if shop.database:
        kept = ("host", "port", "name", "user")
        values["database"] = {"mode": "external", **{key: shop.database[key] for key in kept}}
    if shop.media:
        values["media"] = {"mode": "s3", "s3": _bucket(shop.media)}
        if role := shop.media.get("role"):
            values["serviceAccount"] = {"annotations": {"eks.amazonaws.com/role-arn": role}}
    return values


def _bucket(media: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: media[key] or "" for key in ("bucket", "region", "prefix")}
    endpoint = (media["endpoint"] or "").rstrip("/")
    # Amazon alone wants the bucket in the host's name; without an endpoint it is Amazon's.
    amazon = not endpoint or endpoint.endswith(".amazonaws.com")
    auth = {"auth": "role"} if media.get("role") else {}
    return {**kept, "endpoint": endpoint, "pathStyle": not amazon, **auth}


def _scaled(web: Mapping[str, Any], scale: Scale) -> dict[str, Any]:
    if scale.fixed:
        return {"replicas": scale.min, "autoscaling": {"enabled": False}}
    usual = {"cpuPercent": 70, **web.get("autoscaling", {})}
    return {"autoscaling": {**usual, "enabled": True, "min": scale.min, "max": scale.max}}


def placed_values(
    stack: Stack,
    cluster: ClusterSpec,
    image: Image,
    *,
    closed: bool,
    documents: Sequence[tuple[str, Values]] = (),
) -> dict[str, Any]:
    """Return the values of a stack's chart on a cluster; `documents` lie over the plan's."""
    installation = stack.spec.installation
    if installation is None:
        raise LookupError("a stack on a cluster was placed with what it is installed with")
    url = stack.spec.url or ""
    outputs = stack.infrastructure.outputs if stack.infrastructure else {}
    shop = PlannedShop(
        uid=stack.uid,
        name=installation.name,
        tenant=installation.tenant,
        image=image.repository,
        image_tag=image.tag,
        image_digest=image.digest,
        secret=SECRET,
        websites={url.partition("://")[2]: "", **stack.spec.websites},
        base_url=f"{url}/",
        language=abilities_of("magento").locale(installation.language),
        currency=installation.currency,
        timezone=installation.timezone,
        scale=stack.spec.scale,
        database=outputs.get("database") or {},
        media=outputs.get("media") or {},
    )
    storefront = {"storefront": "closed"} if closed else {}
    values = values_of(stack.spec.plan, shop, cluster.offer, stack.engine)
    for _, said in documents:
        # The image is the stack's own once it ran.
        values = merged(values, for_chart(stack.engine, said, but={"image"}))
    if cluster.pull_secret:
        values["imagePullSecrets"] = [cluster.pull_secret, *values.get("imagePullSecrets", ())]
    return {**values, **storefront}


def allowance(engine: str, plan: Plan, scale: Scale) -> dict[str, Any]:
    """Return what a namespace of this plan may use: `quota`, `limits` and `requests`."""
    room: dict[str, Any] = rooms(plan, scale)[engine]
    return room


def rooms(plan: Plan, scale: Scale) -> dict[str, Any]:
    """Return the allowance of each software that has this plan."""
    everything = _rendered("_rooms", scale=scale)
    return {engine: sizes[plan] for engine, sizes in everything.items() if plan in sizes}


def _rendered(template: str, **known: Any) -> dict[str, Any]:
    rendered = _environment().get_template(f"{template}.yaml").render(known)
    values: dict[str, Any] = load(rendered, numbers=True)
    return values


@cache
def _environment() -> Environment:
    # What a tenant typed is data wherever a plan puts it: each expression is written as JSON.
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 -- YAML, not HTML.
        finalize=json.dumps,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
