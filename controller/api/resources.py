"""Domain objects as the API's JSON, Kubernetes-like; the registry's columns pass untouched."""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping

from controller.domain.conditions import Condition
from controller.domain.errors.base import explain
from controller.domain.notes import Note, say
from controller.domain.operations import Operation, step_to_json
from controller.domain.plans import scale_to_json
from controller.domain.stack import Stack
from controller.domain.store import condition_to_json, iso
from controller.domain.tenant import Tenant
from controller.domain.watching import unwatched
from controller.registry.access import Token
from controller.registry.journal import Event
from provisioners.base import BACKUP_NAME, Backup

API_VERSION = "storectl/v1"


def store_json(row: RowMapping | Mapping[str, Any]) -> dict[str, Any]:
    """A store from its resource columns; specification and status are passed on as text."""
    late = unwatched(row["due_at"], time.time())
    return {
        "apiVersion": API_VERSION,
        "kind": "Store",
        "metadata": {
            "name": row["slug"],
            "uid": row["uid"],
            "tenant": row["tenant_uid"],
            "owner": row["owner"],
            "labels": orjson.Fragment(row["labels"]),
            "generation": row["generation"],
            "desired": row["desired"],
            "operation": row["operation_id"],
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
        },
        "spec": orjson.Fragment(row["spec"]),
        "status": orjson.Fragment(row["status"]) if late is None else _aged(row["status"], late),
    }


def _aged(text: str, late: Condition) -> dict[str, Any]:
    """A status that nobody has looked at for long: it promises nothing."""
    status: dict[str, Any] = orjson.loads(text)
    conditions = [*status["conditions"], condition_to_json(late)]
    return {**status, "ready": False, "conditions": conditions}


def stack_json(stack: Stack, *, inner: bool) -> dict[str, Any]:
    """What runs a store; where that is and how it is reached is `inner`, the operator's."""
    shown = {
        "engine": stack.engine,
        "version": stack.version,
        "plan": str(stack.spec.plan),
        "replicas": scale_to_json(stack.spec.replicas),
    }
    if not inner:
        return shown
    placement = stack.placement
    return {
        "uid": stack.uid,
        **shown,
        "driver": stack.driver,
        "cluster": stack.cluster,
        "placement": None if placement is None else note_json(placement),
        "image": stack.spec.image or None,
        "endpoint": stack.endpoint,
        "conditions": [condition_to_json(item) for item in stack.conditions.values()],
    }


def note_json(note: Note) -> dict[str, Any]:
    """A note in English, with what another language needs to say the same."""
    return {
        "reason": note.reason,
        "params": dict(note.params),
        "message": say(note.reason, note.params, str),
    }


def backup_json(backup: Backup) -> dict[str, Any]:
    """A backup of a store, which is named after the time it was made at."""
    at = datetime.strptime(backup.name, BACKUP_NAME).replace(tzinfo=UTC)
    return {
        "name": backup.name,
        "madeAt": iso(at),
        "bytes": backup.size,
        "version": backup.version,
    }


def operation_json(operation: Operation, estimate: float | None = None) -> dict[str, Any]:
    """An operation with its steps; `estimate` is what its kind typically takes, in seconds."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Operation",
        "metadata": {
            "id": operation.id,
            "tenant": operation.tenant,
            "createdAt": iso(operation.created_at),
        },
        "spec": {
            "operation": str(operation.kind),
            "store": operation.slug,
            "storeUid": operation.store,
            "generation": operation.generation,
        },
        "status": {
            "state": str(operation.state),
            "startedAt": iso(operation.started_at),
            "finishedAt": iso(operation.finished_at),
            "deadline": iso(operation.deadline),
            "estimateSeconds": None if estimate is None else round(estimate, 1),
            "steps": [step_to_json(step) for step in operation.steps],
            "error": _error_json(operation),
            "result": dict(operation.result),
        },
    }


def _error_json(operation: Operation) -> dict[str, Any] | None:
    if operation.error is None:
        return None
    code, params = operation.error.reason, operation.error.params
    found = explain(code, params, str)
    return {
        "code": code,
        "params": dict(params),
        "message": found.message,
        "action": found.action,
    }


def tenant_json(tenant: Tenant) -> dict[str, Any]:
    """A tenant."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Tenant",
        "metadata": {"uid": tenant.uid, "createdAt": iso(tenant.created_at)},
        "spec": {
            "displayName": tenant.name,
            "owner": tenant.owner,
            "country": tenant.country,
            "language": tenant.language,
        },
    }


def token_json(token: Token, text: str | None = None) -> dict[str, Any]:
    """A token; its text only in the answer that makes it."""
    shown = {"token": text} if text is not None else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "Token",
        "metadata": {"uid": token.uid, "createdAt": iso(token.created_at)},
        "spec": {
            "displayName": token.name,
            "tenant": token.tenant,
            "expiresAt": iso(token.expires_at),
        },
        **shown,
    }


def list_json(kind: str, items: Iterable[Any], after: str | None) -> dict[str, Any]:
    """A page; `after` is the cursor of the next one."""
    return {
        "apiVersion": API_VERSION,
        "kind": f"{kind}List",
        "metadata": {"next": after},
        "items": list(items),
    }


def event_json(event: Event) -> dict[str, Any]:
    """An event of the platform's own."""
    return {**event.to_json(), "source": "platform"}


def dump(value: Any) -> bytes:
    """JSON bytes; times as RFC 3339 in UTC."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
