"""The plan of a store's settings: what is wanted, what the shop has, what happens to a difference.

`storectl config`, the API and the pages all show this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from controller.domain.commerce import DriftPolicy
from controller.domain.store import Store
from controller.engines.base import ComparedField, Standing


@dataclass(frozen=True, kw_only=True)
class PlannedField:
    """One field with the policy for changes that are made in the shop."""

    found: ComparedField
    policy: DriftPolicy


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every field of a store."""

    store: Store
    fields: tuple[PlannedField, ...]

    @property
    def differing(self) -> tuple[PlannedField, ...]:
        """The fields that a push would write."""
        return tuple(item for item in self.fields if item.found.standing is not Standing.SAME)

    def to_json(self) -> dict[str, Any]:
        """As the API shows it; of secrets there are fingerprints only."""
        status = self.store.status
        return {
            "store": self.store.spec.slug,
            "generation": self.store.generation,
            "observedGeneration": status.observed_generation,
            "inSync": not self.differing,
            "fields": [_field_to_json(item) for item in self.fields],
        }


def plan(store: Store, compared: Sequence[ComparedField]) -> Plan:
    """The plan of a store from what its shop answered."""
    fields = (
        PlannedField(found=found, policy=store.spec.policy(found.field)) for found in compared
    )
    return Plan(store=store, fields=tuple(fields))


def _field_to_json(item: PlannedField) -> dict[str, Any]:
    found = item.found
    return {
        "field": found.field,
        "desired": found.desired,
        "actual": found.actual,
        "standing": str(found.standing),
        "origin": found.origin,
        "policy": str(item.policy),
        "secret": found.secret,
        "settings": [
            {
                "key": setting.key,
                "desired": setting.desired,
                "actual": setting.actual,
                "standing": str(setting.standing),
                "origin": setting.origin,
            }
            for setting in found.settings
        ],
    }
