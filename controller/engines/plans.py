"""Plans: which sizes a shop gets, as values of the magento chart (`helm/magento`).

A plan is a file of `templates/plans`, rendered by Jinja2 with what is known of the shop and of the
cluster. The chart's schema has the last word on the result; tests/cluster holds every plan to it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES: Final = Path(__file__).resolve().parents[2] / "templates" / "plans"


class Plan(StrEnum):
    """What a shop pays for; each has a file of its name."""

    STARTER = "starter"
    GROWTH = "growth"
    SCALE = "scale"


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


@dataclass(frozen=True, kw_only=True)
class ClusterOffer:
    """What a plan is told of the cluster. An empty class is the cluster's default one."""

    storage_class: str = ""
    shared_storage_class: str = ""
    """For volumes that pods of several nodes write."""
    ingress_class: str = ""
    certificate_issuer: str = ""
    """A cert-manager ClusterIssuer; without one the shop's Ingress has no TLS of its own."""
    gateway: str = ""
    """A Gateway takes the Ingress's place where it is named, with its own TLS."""
    gateway_namespace: str = "default"


def values_of(plan: Plan, shop: PlannedShop, cluster: ClusterOffer) -> dict[str, Any]:
    """Return the chart's values for a shop of this plan on this cluster."""
    template = _environment().get_template(f"{plan}.yaml")
    rendered = template.render(plan=plan.value, shop=shop, cluster=cluster)
    values: dict[str, Any] = yaml.safe_load(rendered)
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
        auto_reload=False,
    )
