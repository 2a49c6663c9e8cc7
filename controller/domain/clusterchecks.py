"""What a cluster may be called and say of itself; asked before anything is kept."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Final

from controller.domain.clusters import ClusterSpec
from controller.domain.errors.base import InvalidInputError, Message
from controller.domain.jsontext import loads
from controller.i18n import N_

MOST_STACKS: Final = 10_000
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(_LABEL)
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_REGION: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_ADDRESS: Final = re.compile(r"https?://[^\s{}?#@]*(?:\{(?:namespace|host)\}[^\s{}?#@]*)*")
_LONGEST_DOMAIN: Final = 200
"""A DNS name has 253 characters; the rest is for the shop's own name."""
_LONGEST_OBJECT: Final = 253
_MOST_VARIABLES: Final = 20_000
"""Characters, as JSON."""

_OBJECTS: Final = {
    "storageClass": "storage_class",
    "sharedStorageClass": "shared_storage_class",
    "ingressClass": "ingress_class",
    "certificateIssuer": "certificate_issuer",
    "gateway": "gateway",
}


def check_cluster(
    spec: ClusterSpec, modules: Collection[str], secret_variables: Collection[str]
) -> None:
    """Raise InvalidInputError that names every field that is wrong.

    `modules` are those of infrastructure that this installation has.
    """
    problems = (
        *_names(spec),
        *_objects(spec),
        *_variables(spec, secret_variables),
    )
    if spec.infrastructure not in modules:
        known = ", ".join(modules)
        problems = (
            *problems,
            ("infrastructure", Message(N_("no such module; there are: %(known)s"), known=known)),
        )
    if problems:
        raise InvalidInputError(errors=problems)


def check_pull_secret(text: str) -> None:
    """Raise InvalidInputError unless a text is docker's config.json with logins in it."""
    try:
        found = loads(text)
        auths = found["auths"] if isinstance(found, dict) else None
    except (ValueError, KeyError):
        auths = None
    if not isinstance(auths, dict) or not auths:
        told = N_(
            "docker's config.json with auths; a helper that keeps them elsewhere is of no use"
        )
        raise InvalidInputError(errors=(("pullSecret", Message(told)),))


Problems = Iterator[tuple[str, str]]


def _names(spec: ClusterSpec) -> Problems:
    if not _NAME.fullmatch(spec.name):
        yield (
            "name",
            Message(N_("1 to 63 lower-case letters, digits and hyphens, no hyphen at either end")),
        )
    if len(spec.domain) > _LONGEST_DOMAIN or not _DOMAIN.fullmatch(spec.domain):
        yield "domain", Message(N_("a DNS name in lower case such as shops.example.com"))
    if spec.region and not _REGION.fullmatch(spec.region):
        yield "region", Message(N_("1 to 63 letters, digits, dots, hyphens and underscores"))
    if not 1 <= spec.capacity <= MOST_STACKS:
        yield "capacity", Message(N_("%(least)d to %(most)d"), least=1, most=MOST_STACKS)
    if spec.shop_address and not _ADDRESS.fullmatch(spec.shop_address):
        yield (
            "shopAddress",
            Message(N_("an address such as http://{namespace}-web.{namespace}.svc")),
        )


def _objects(spec: ClusterSpec) -> Problems:
    """Names of things in the cluster; an empty one is its default."""
    for field, name in _OBJECTS.items():
        value = getattr(spec.offer, name)
        if value and (len(value) > _LONGEST_OBJECT or not _DOMAIN.fullmatch(value)):
            yield field, Message(N_("not the name of an object in a cluster"))
    if not _NAME.fullmatch(spec.offer.gateway_namespace):
        yield "gatewayNamespace", Message(N_("not the name of a namespace"))


def _variables(spec: ClusterSpec, secret: Collection[str]) -> Problems:
    for field, names in (("variables", spec.variables), ("secretVariables", secret)):
        for name in names:
            if not _VARIABLE.fullmatch(name):
                yield f"{field}.{name[:80]}", Message(N_("letters, digits and underscores"))
    for name in sorted(set(secret) & set(spec.variables)):
        yield f"secretVariables.{name}", Message(N_("it is given as an open variable too"))
    if len(json.dumps(dict(spec.variables))) > _MOST_VARIABLES:
        yield "variables", Message(N_("more than %(most)d characters"), most=_MOST_VARIABLES)
