"""Kubeconfigs that hold everything themselves, which alone can be kept by the control plane.

`storectl cluster add` puts the files that one names into it; the API refuses what still names any,
and programs to run: whoever may add a cluster may not run programs on the control plane.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from controller.domain.errors.clusters import InvalidKubeconfigError
from controller.domain.yamltext import YamlError, load

_FILES = ("certificate-authority", "client-certificate", "client-key")
_PROGRAMS = ("exec", "auth-provider")
_LARGEST = 100_000


def selected(text: str, context: str | None = None) -> dict[str, Any]:
    """One context of a kubeconfig, with its cluster and user; raises InvalidKubeconfigError."""
    if len(text) > _LARGEST:
        raise InvalidKubeconfigError(detail="it is too long")
    try:
        document = load(text)
    except YamlError as error:
        raise InvalidKubeconfigError(detail=str(error)) from None
    if not isinstance(document, dict) or document.get("kind") != "Config":
        raise InvalidKubeconfigError(detail="it is no kubeconfig")
    name = context or document.get("current-context")
    chosen = _entry(document, "contexts", name, "context")
    cluster = _entry(document, "clusters", chosen.get("cluster"), "cluster")
    user = _entry(document, "users", chosen.get("user"), "user")
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": dict(cluster)}],
        "users": [{"name": "it", "user": dict(user)}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "current-context": "it",
    }


def flattened(text: str, context: str | None, read: Callable[[str], bytes]) -> str:
    """The kubeconfig of one context with the files that it names put into it.

    `read` gives a file's content. Raises InvalidKubeconfigError and what `read` raises.
    """
    document = selected(text, context)
    for part in (document["clusters"][0]["cluster"], document["users"][0]["user"]):
        for name in _FILES:
            if path := part.pop(name, None):
                part.setdefault(f"{name}-data", base64.b64encode(read(path)).decode())
        if path := part.pop("tokenFile", None):
            part.setdefault("token", read(path).decode().strip())
    return str(yaml.safe_dump(document))


def checked(text: str) -> tuple[str, str]:
    """A kubeconfig that can be kept, and the address of its server.

    Raises InvalidKubeconfigError.
    """
    document = selected(text)
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    for part in (cluster, user):
        for name in (*_FILES, "tokenFile"):
            if name in part:
                raise InvalidKubeconfigError(detail=f"it names a file ({name})")
    for name in _PROGRAMS:
        if name in user:
            raise InvalidKubeconfigError(detail=f"it wants a program to be run ({name})")
    server = cluster.get("server")
    if not isinstance(server, str) or urlsplit(server).scheme not in {"http", "https"}:
        raise InvalidKubeconfigError(detail="its server has no address")
    return str(yaml.safe_dump(document)), server


def _entry(
    document: Mapping[str, Any], plural: str, name: object, singular: str
) -> Mapping[str, Any]:
    for item in document.get(plural) or ():
        if isinstance(item, dict) and item.get("name") == name:
            found = item.get(singular)
            if isinstance(found, dict):
                return found
    raise InvalidKubeconfigError(detail=f"it has no {singular} “{name}”")
