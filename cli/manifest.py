"""Store files: YAML documents of `kind: Store`, read for `apply` and `diff`.

What `storectl get -o yaml` and `list -o yaml` print is accepted too: what the server says about a
store (its status, uid, times) is left out, what it wants is kept.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.errors import ManifestError
from cli.texts import _

API_VERSION = "storectl/v1"
_OBSERVED = {
    "uid",
    "tenant",
    "owner",
    "operation",
    "generation",
    "createdAt",
    "updatedAt",
    "desired",
}
_MEMBERS = {"apiVersion", "kind", "metadata", "spec", "status", "stack"}


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One store of a file, as the API takes it."""

    name: str
    body: dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Takes every plain word as text except true, false and null.

    YAML 1.1 would read the country NO as false, 4.90 as 4.9 and a date as a moment.
    """


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""]
)


def read(file: str) -> list[Manifest]:
    """Return the stores of a file, `-` being the standard input; raises ManifestError."""
    shown = _("standard input") if file == "-" else file
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        # The loader is a SafeLoader that knows even fewer types.
        documents = list(yaml.load_all(text, Loader=_Loader))
    except OSError as error:
        raise ManifestError(file=shown, detail=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ManifestError(file=shown, detail=_("it is not UTF-8 text")) from error
    except yaml.YAMLError as error:
        raise ManifestError(file=shown, detail=" ".join(str(error).split())) from error
    found = [_manifest(item, shown) for item in _flat(documents)]
    if not found:
        raise ManifestError(file=shown, detail=_("there is no store in it"))
    names = [item.name for item in found]
    for name in names:
        if names.count(name) > 1:
            raise ManifestError(
                file=shown, detail=_("“%(store)s” is in it twice") % {"store": name}
            )
    return found


def _flat(documents: list[Any]) -> Iterator[Any]:
    for document in documents:
        if isinstance(document, list):
            yield from document
        elif document is not None:
            yield document


def _manifest(document: Any, file: str) -> Manifest:
    if not isinstance(document, dict):
        raise ManifestError(file=file, detail=_("it holds something that is no store"))
    for member, wanted in (("apiVersion", API_VERSION), ("kind", "Store")):
        if document.get(member) != wanted:
            facts = {"member": member, "value": wanted}
            raise ManifestError(file=file, detail=_("%(member)s must be %(value)s") % facts)
    metadata, spec = (_mapping(document, member, file) for member in ("metadata", "spec"))
    name = metadata.get("name")
    if not isinstance(name, str) or not name:
        raise ManifestError(
            file=file, detail=_("%(member)s is missing") % {"member": "metadata.name"}
        )
    _refuse_unknown(document, _MEMBERS, "", file)
    _refuse_unknown(metadata, _OBSERVED | {"name", "labels"}, "metadata.", file)
    labels = {"labels": metadata["labels"]} if metadata.get("labels") is not None else {}
    return Manifest(name=name, body={**spec, **labels})


def _mapping(document: dict[Any, Any], member: str, file: str) -> dict[Any, Any]:
    value = document.get(member)
    if not isinstance(value, dict):
        raise ManifestError(file=file, detail=_("%(member)s is missing") % {"member": member})
    return value


def _refuse_unknown(mapping: dict[Any, Any], known: set[str], prefix: str, file: str) -> None:
    for key in mapping:
        if key not in known:
            member = f"{prefix}{key}"
            raise ManifestError(file=file, detail=_("%(member)s is not known") % {"member": member})
