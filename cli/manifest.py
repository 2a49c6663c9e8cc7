"""Store files: YAML documents of `kind: Store`, read for `apply` and `diff`.

What `storectl get -o yaml` and `list -o yaml` print is accepted too: what the server says about a
store (its status, uid, times) is left out, what it wants is kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cli import files
from cli.errors import ManifestError
from cli.texts import _
from controller.domain.yamltext import YamlError, load_all

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
    place: str
    """Where it was read, such as `stores.yaml, document 2 (line 14)`."""


def read(names: Iterable[str], *, recursive: bool = False) -> list[Manifest]:
    """Return the stores of files and directories, `-` being the standard input.

    Raises ManifestError and UnreadableFileError.
    """
    found: dict[str, Manifest] = {}
    for name in names:
        for file in files.beneath(name, recursive=recursive):
            for item in _stores(file):
                if (first := found.setdefault(item.name, item)) is not item:
                    facts = {"store": item.name, "place": first.place}
                    raise ManifestError(
                        file=item.place, detail=_("“%(store)s” is in %(place)s already") % facts
                    )
    return list(found.values())


def _stores(file: str) -> list[Manifest]:
    shown = files.shown(file)
    text = files.read(file)
    try:
        documents = [item for item in load_all(text) if item.value is not None]
    except YamlError as error:
        raise ManifestError(file=shown, detail=_(error.cause) % error.params) from None
    found = []
    for number, document in enumerate(documents, 1):
        place = shown
        if len(documents) > 1:
            facts = {"file": shown, "number": number, "line": document.line}
            place = _("%(file)s, document %(number)s (line %(line)s)") % facts
        found += [_manifest(item, place) for item in _flat(document.value)]
    if not found:
        raise ManifestError(file=shown, detail=_("there is no store in it"))
    return found


def _flat(document: Any) -> Iterator[Any]:
    """The stores of a document: one, an array as `list -o yaml` prints it, a page of the API."""
    if isinstance(document, dict) and document.get("kind") == "StoreList":
        document = document.get("items")
    if isinstance(document, list):
        yield from document
    else:
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
    return Manifest(name=name, body={**spec, **labels}, place=file)


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
