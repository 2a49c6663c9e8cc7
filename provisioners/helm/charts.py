"""A chart as the driver sees it: its digest, its values, and what each of its parts is to have."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from provisioners.base import Release
from provisioners.kubernetes.headroom import Part


@dataclass(frozen=True, kw_only=True)
class HelmChart:
    """A chart, and how a release becomes its values.

    Its objects and pods carry the label `storecontroller.io/uid`; with the value `stopped:
    true` nothing of it runs and its data is kept. One that knows the value `digest` puts it on
    every object as the label `storecontroller.io/digest`: what another helm wrote shows by it.
    """

    path: Path
    endpoint: Callable[[Release, str], str]
    """Where a release in a namespace is reached."""
    values: Callable[[Release], Mapping[str, Any]] = lambda release: release.values

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every file of the chart and its path."""
        total = hashlib.sha256()
        for file in sorted(item for item in self.path.rglob("*") if item.is_file()):
            total.update(f"{file.relative_to(self.path)}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
        return total.hexdigest()

    @property
    def marks(self) -> bool:
        """Whether its objects tell which release wrote them."""
        return "digest" in self._usual

    def sizes(self, values: Mapping[str, Any]) -> dict[str, Part]:
        """What each part is to have: a part is a value with `resources` or `storage`."""
        return {
            part: _part(usual, values.get(part) or {})
            for part, usual in self._usual.items()
            if isinstance(usual, Mapping) and usual.keys() & {"resources", "storage"}
        }

    @cached_property
    def _usual(self) -> Mapping[str, Any]:
        file = self.path / "values.yaml"
        return (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}


def _part(usual: Mapping[str, Any], said: Mapping[str, Any]) -> Part:
    """What a chart's own values and those that are said over them give a part."""
    scaler = {**(usual.get("autoscaling") or {}), **(said.get("autoscaling") or {})}
    replicas = said.get("replicas", usual.get("replicas", 1))
    resources = {**usual, **said}.get("resources") or {}
    requests = (usual.get("resources") or {}).get("requests") or {}
    kept = said.get("mode", usual.get("mode", "internal")) in {"internal", "volume"}
    storage = {**(usual.get("storage") or {}), **(said.get("storage") or {})}
    return Part(
        requests={**requests, **(resources.get("requests") or {})},
        replicas=scaler.get("min", 1) if scaler.get("enabled") else replicas,
        storage=storage.get("size", "") if kept else "",
    )
