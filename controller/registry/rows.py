"""Rows as domain objects, and back: every registry module reads and writes JSON columns so."""

from typing import Any

import orjson
from sqlalchemy import RowMapping

from controller.domain.conditions import Condition, Desired
from controller.domain.notes import Note
from controller.domain.operations import (
    Operation,
    OperationKind,
    OperationState,
    step_to_json,
    steps_from_json,
)
from controller.domain.stack import (
    AppliedInfrastructure,
    Stack,
    StackDesired,
    stack_spec_from_json,
    stack_spec_to_json,
)
from controller.domain.store import (
    Store,
    StoreStatus,
    condition_to_json,
    conditions_from_json,
    spec_from_json,
    status_from_json,
    status_to_json,
)
from controller.domain.tenant import Tenant


def dump(value: Any) -> str:
    """JSON text for a column."""
    return orjson.dumps(value).decode()


def tenant_of(row: RowMapping) -> Tenant:
    """A tenant from its row."""
    return Tenant(
        uid=row["uid"],
        name=row["name"],
        owner=row["owner"],
        country=row["country"],
        language=row["language"],
        created_at=row["created_at"],
    )


def stack_of(row: RowMapping) -> Stack:
    """A stack from its row."""
    return Stack(
        uid=row["uid"],
        tenant=row["tenant_uid"],
        engine=row["engine"],
        version=row["version"],
        driver=row["driver"],
        desired=StackDesired(row["desired"]),
        generation=row["generation"],
        observed_generation=row["observed_generation"],
        conditions=conditions_from_json(orjson.loads(row["conditions"])),
        endpoint=row["endpoint"],
        cluster=row["cluster"],
        placement=_note_of(row["placement"]),
        spec=stack_spec_from_json(orjson.loads(row["spec"])),
        infrastructure=_infrastructure_of(row["infrastructure"]),
    )


def _note_of(text: str | None) -> Note | None:
    return Note(**orjson.loads(text)) if text else None


def note_column(note: Note) -> str:
    """A note as text."""
    return dump({"reason": note.reason, "params": dict(note.params)})


def _infrastructure_of(text: str | None) -> AppliedInfrastructure | None:
    return AppliedInfrastructure(**orjson.loads(text)) if text else None


def stack_columns(stack: Stack) -> dict[str, Any]:
    """The columns of what a step can change about a stack."""
    built = stack.infrastructure
    return {
        "spec": dump(stack_spec_to_json(stack.spec)),
        "infrastructure": dump(vars(built)) if built else None,
    }


def conditions_column(conditions: dict[str, Condition]) -> str:
    """A stack's conditions as text."""
    return dump([condition_to_json(item) for item in conditions.values()])


def store_of(row: RowMapping) -> Store:
    """A store from its row."""
    return Store(
        uid=row["uid"],
        tenant=row["tenant_uid"],
        owner=row["owner"],
        stack=row["stack_uid"],
        generation=row["generation"],
        desired=Desired(row["desired"]),
        spec=spec_from_json(row["slug"], orjson.loads(row["labels"]), orjson.loads(row["spec"])),
        status=status_from_json(orjson.loads(row["status"])),
        operation=row["operation_id"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        retired_at=row["retired_at"],
    )


def status_columns(status: StoreStatus) -> dict[str, Any]:
    """The columns that follow from a status."""
    return {"status": dump(status_to_json(status)), "phase": str(status.phase)}


def operation_of(row: RowMapping) -> Operation:
    """An operation from its row."""
    error = orjson.loads(row["error"]) if row["error"] else None
    return Operation(
        id=row["id"],
        kind=OperationKind(row["kind"]),
        store=row["store_uid"],
        slug=row["slug"],
        tenant=row["tenant_uid"],
        generation=row["generation"],
        state=OperationState(row["state"]),
        steps=steps_from_json(orjson.loads(row["steps"])),
        error=Note(reason=error["code"], params=error["params"]) if error else None,
        result=orjson.loads(row["result"]),
        deadline=row["deadline"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def operation_columns(operation: Operation) -> dict[str, Any]:
    """Every column of an operation."""
    error = operation.error
    return {
        "id": operation.id,
        "kind": str(operation.kind),
        "store_uid": operation.store,
        "slug": operation.slug,
        "tenant_uid": operation.tenant,
        "generation": operation.generation,
        "state": str(operation.state),
        "steps": dump([step_to_json(step) for step in operation.steps]),
        "error": dump({"code": error.reason, "params": dict(error.params)}) if error else None,
        "result": dump(dict(operation.result)),
        "deadline": operation.deadline,
        "created_at": operation.created_at,
        "started_at": operation.started_at,
        "finished_at": operation.finished_at,
    }
