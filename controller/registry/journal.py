"""What happened and who changed what, written inside the transaction that did it.

Events are read by streams, which resume after an id: ids are in the order of commits. Audit rows
are chained by digest, so that a removed or altered row shows.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select

from controller.domain.notes import Note, say
from controller.domain.store import Store, iso
from controller.domain.tenant import Scope
from controller.registry.rows import dump
from controller.registry.session import Database, utcnow
from controller.registry.tables import AuditRow, EventRow, table

_events = table(EventRow)
_audit = table(AuditRow)

# Columns as parameters: a statement that is made anew with its values takes twice as long.
_insert_event = insert(_events)
_insert_audit = insert(_audit)
_last_digest = select(_audit.c.digest).order_by(_audit.c.id.desc()).limit(1)

NORMAL = "Normal"
WARNING = "Warning"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event; `id` is its place in the order."""

    id: int
    tenant: str
    store: str
    slug: str
    operation: str | None
    severity: str
    note: Note
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """The event as the API shows it."""
        return {
            "id": self.id,
            "kind": "Event",
            "severity": self.severity,
            "reason": self.note.reason,
            "params": dict(self.note.params),
            "store": self.slug,
            "operation": self.operation,
            "message": say(self.note.reason, self.note.params, str),
            "at": iso(self.at),
        }


@dataclass(frozen=True, kw_only=True)
class About:
    """Which store and operation an event is about."""

    tenant: str
    store: str
    slug: str
    operation: str | None

    @classmethod
    def of(cls, store: Store, operation: str | None) -> "About":
        """An event about a store."""
        return cls(tenant=store.tenant, store=store.uid, slug=store.spec.slug, operation=operation)


def tell(connection: Connection, about: About, note: Note, severity: str = NORMAL) -> None:
    """Write an event. The caller has taken its place with `Database.in_order`."""
    connection.execute(
        _insert_event,
        {
            "tenant_uid": about.tenant,
            "store_uid": about.store,
            "slug": about.slug,
            "operation_id": about.operation,
            "severity": severity,
            "reason": note.reason,
            "params": dump(dict(note.params)),
            "at": utcnow(),
        },
    )


def audit(
    connection: Connection,
    scope: Scope,
    *,
    tenant: str | None,
    action: str,
    subject: str,
    before: Any = None,
    after: Any = None,
) -> None:
    """Write who did what. The caller has taken its place with `Database.in_order`."""
    previous = connection.execute(_last_digest).scalar_one_or_none() or ""
    row = {
        "tenant_uid": tenant,
        "actor": scope.actor,
        "action": action,
        "subject": subject,
        "before": dump(before) if before is not None else None,
        "after": dump(after) if after is not None else None,
        "at": utcnow(),
    }
    connection.execute(_insert_audit, {**row, "digest": _digest(previous, row)})


def _digest(previous: str, row: dict[str, Any]) -> str:
    body = orjson.dumps({**row, "at": iso(row["at"])}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(previous.encode() + body).hexdigest()


class Journal:
    """Reading events and checking the audit chain."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> int:
        """The id of the newest event; 0 when there is none."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(_events.c.id))).scalar_one() or 0

    def after(
        self,
        scope: Scope,
        after: int,
        *,
        store: str | None = None,
        operation: str | None = None,
        limit: int = 500,
    ) -> list[Event]:
        """Events in scope after the id `after`, oldest first."""
        query = select(_events).where(_events.c.id > after).order_by(_events.c.id).limit(limit)
        return self._events(_narrow(query, scope, store, operation))

    def latest(self, scope: Scope, *, store: str | None = None, limit: int = 100) -> list[Event]:
        """The newest events in scope, oldest first."""
        query = select(_events).order_by(_events.c.id.desc()).limit(limit)
        return self._events(_narrow(query, scope, store, None))[::-1]

    def _events(self, query: Any) -> list[Event]:
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Event(
                id=row["id"],
                tenant=row["tenant_uid"],
                store=row["store_uid"],
                slug=row["slug"],
                operation=row["operation_id"],
                severity=row["severity"],
                note=Note(reason=row["reason"], params=orjson.loads(row["params"])),
                at=row["at"],
            )
            for row in rows
        ]

    def audit_of(self, subject: str) -> Sequence[dict[str, Any]]:
        """The audit rows of a subject, oldest first."""
        query = select(_audit).where(_audit.c.subject == subject).order_by(_audit.c.id)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def broken_link(self) -> int | None:
        """The id of the first audit row that does not follow from the one before it."""
        previous = ""
        with self._database.read() as connection:
            for row in connection.execute(select(_audit).order_by(_audit.c.id)).mappings():
                body = {key: row[key] for key in row if key not in {"id", "digest"}}
                if row["digest"] != _digest(previous, body):
                    return int(row["id"])
                previous = row["digest"]
        return None


def _narrow(query: Any, scope: Scope, store: str | None, operation: str | None) -> Any:
    if scope.tenant is not None:
        query = query.where(_events.c.tenant_uid == scope.tenant)
    if store is not None:
        query = query.where(_events.c.store_uid == store)
    if operation is not None:
        query = query.where(_events.c.operation_id == operation)
    return query
