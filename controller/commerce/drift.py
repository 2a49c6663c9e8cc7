"""What is to be done about settings that were changed in the shop behind our back.

The reconciler asks for every store whose shop tells of drift; the policy is the specification's.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from controller.commerce.drafts import draft_of, specify
from controller.domain.commerce import DriftPolicy
from controller.domain.errors.base import InvalidInputError
from controller.domain.errors.shops import AdoptionRefusedError
from controller.domain.store import StoreSpec, site_and_field, spec_from_json, spec_to_json
from controller.engines.abilities import Abilities
from controller.engines.fields import RULES

_READABLE = frozenset(rule.field for rule in RULES if rule.read is not None)


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """Drifted settings (`scope|code|path`) by what happens to them."""

    revert: frozenset[str] = frozenset()
    warn: frozenset[str] = frozenset()
    adopt: frozenset[str] = frozenset()
    whole: bool = False
    """Whether something drifted that is no longer wanted, so that everything is written."""
    told: tuple[str, ...] = ()
    """The fields that are left as they are."""
    adopted: tuple[str, ...] = ()
    """The fields that become what is wanted."""

    @property
    def spared(self) -> frozenset[str]:
        """What is not written over."""
        return self.warn | self.adopt


def react(spec: StoreSpec, drift: Collection[str], fields: Mapping[str, str]) -> Reaction:
    """Sort what drifted by the policy of its field; `fields` has the field of each setting."""
    sorted_out: dict[DriftPolicy, set[str]] = {policy: set() for policy in DriftPolicy}
    for key in drift:
        sorted_out[_policy(spec, fields.get(key))].add(key)
    warn, adopt = sorted_out[DriftPolicy.WARN], sorted_out[DriftPolicy.ADOPT]
    return Reaction(
        revert=frozenset(sorted_out[DriftPolicy.REVERT]),
        warn=frozenset(warn),
        adopt=frozenset(adopt),
        whole=any(key not in fields for key in drift),
        told=tuple(sorted({fields[key] for key in warn})),
        adopted=tuple(sorted({fields[key] for key in adopt})),
    )


def _policy(spec: StoreSpec, field: str | None) -> DriftPolicy:
    if field is None:
        return DriftPolicy.REVERT
    policy = spec.policy(field)
    # What the shop has cannot be said in the words of a specification: it is only told.
    unreadable = policy is DriftPolicy.ADOPT and site_and_field(field)[1] not in _READABLE
    return DriftPolicy.WARN if unreadable else policy


def adopted(spec: StoreSpec, values: Mapping[str, Any], abilities: Abilities) -> StoreSpec:
    """The specification with the shop's values of some fields; raises AdoptionRefusedError."""
    data = spec_to_json(spec)
    for field, value in values.items():
        *parents, name = field.split(".")
        place = data
        for part in parents:
            place = place[part]
        place[name] = value
    fields = ", ".join(values)
    try:
        changed = spec_from_json(spec.slug, spec.labels, data)
        # An end that has passed meanwhile is not what is judged here.
        checked = specify(draft_of(replace(changed, expires_at=None)), {spec.engine: abilities})
    except InvalidInputError as error:
        told = "; ".join(f"{name}: {message}" for name, message in error.errors) or str(error)
        raise AdoptionRefusedError(fields=fields, detail=told[:300]) from error
    except (ValueError, ArithmeticError) as error:
        raise AdoptionRefusedError(fields=fields, detail=str(error)[:300]) from error
    return replace(checked, expires_at=spec.expires_at)
