"""Events in the order of their commits, and the chain of audit rows."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from controller.domain.notes import Note
from controller.domain.operations import OperationKind
from controller.domain.tenant import Scope, Tenant
from controller.registry.journal import About, tell
from controller.registry.registry import Registry
from controller.registry.tables import AuditRow, table
from tests.factories import create, finish, move, scope_of, store

AUDIT = table(AuditRow)


def test_events_come_oldest_first_and_after_an_id(registry: Registry, ann: Tenant) -> None:
    operation = create(registry, ann, "one").operation
    create(registry, ann, "two")
    everything = registry.journal.after(scope_of(ann), 0)
    assert [event.slug for event in everything] == ["one", "two"]
    assert everything == registry.journal.latest(scope_of(ann))
    assert registry.journal.after(scope_of(ann), everything[0].id) == everything[1:]
    assert registry.journal.after(scope_of(ann), 0, limit=1) == everything[:1]
    assert registry.journal.latest(scope_of(ann), limit=1) == everything[1:]
    assert registry.journal.after(scope_of(ann), 0, store=operation.store) == everything[:1]
    assert registry.journal.after(scope_of(ann), 0, operation=operation.id) == everything[:1]
    assert registry.journal.newest() == everything[-1].id


def test_a_reader_that_follows_ids_misses_nothing_of_many_writers(
    registry: Registry, ann: Tenant
) -> None:
    found = store(registry, ann)
    start = registry.journal.newest()
    writers, each = 4, 25
    done = Flag()

    def write(writer: int) -> None:
        for number in range(each):
            with registry.database.write() as connection:
                registry.database.in_order(connection)
                note = Note.of("Drifted", fields=f"{writer}/{number}")
                tell(connection, About.of(found, None), note)

    def read() -> list[Any]:
        seen: list[Any] = []
        last = start
        while True:
            finished = done.is_set()
            events = registry.journal.after(Scope.system(), last, limit=7)
            seen += events
            last = events[-1].id if events else last
            if finished and not events:
                return seen

    with ThreadPoolExecutor(writers + 1) as pool:
        reader = pool.submit(read)
        for future in [pool.submit(write, writer) for writer in range(writers)]:
            future.result()
        done.set()
        seen = reader.result()
    assert [event.id for event in seen] == sorted({event.id for event in seen})
    assert {event.note.params["fields"] for event in seen} == {
        f"{writer}/{number}" for writer in range(writers) for number in range(each)
    }


def test_an_event_is_rendered_in_english_with_its_parameters(
    registry: Registry, ann: Tenant
) -> None:
    operation = create(registry, ann).operation
    (event,) = registry.journal.latest(scope_of(ann))
    shown = event.to_json()
    assert shown == {
        "id": event.id,
        "kind": "Event",
        "severity": "Normal",
        "reason": "StoreAccepted",
        "params": {"store": "acme"},
        "store": "acme",
        "operation": operation.id,
        "message": "The order for “acme” is accepted.",
        "at": shown["at"],
    }
    assert shown["at"].endswith("Z")


def history(registry: Registry, ann: Tenant) -> list[int]:
    """A short life, audited; the ids of its rows."""
    found = store(registry, ann)
    move(registry, found.uid, OperationKind.RETIRE, OperationKind.UNDELETE)
    with registry.database.read() as connection:
        return list(connection.execute(select(AUDIT.c.id).order_by(AUDIT.c.id)).scalars())


def test_the_audit_chain_holds(registry: Registry, ann: Tenant) -> None:
    assert registry.journal.broken_link() is None
    assert len(history(registry, ann)) == 4
    assert registry.journal.broken_link() is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "nobody"),
        ("action", "store.read"),
        ("subject", "store:x"),
        ("before", "{}"),
        ("after", "{}"),
        ("tenant_uid", None),
        ("digest", "0" * 64),
    ],
)
def test_a_changed_row_shows(registry: Registry, ann: Tenant, column: str, value: object) -> None:
    ids = history(registry, ann)
    with registry.database.write() as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.id == ids[2]).values({column: value}))
    assert registry.journal.broken_link() == ids[2]


def test_a_removed_row_shows_at_the_next(registry: Registry, ann: Tenant) -> None:
    ids = history(registry, ann)
    with registry.database.write() as connection:
        connection.execute(delete(AUDIT).where(AUDIT.c.id == ids[1]))
    assert registry.journal.broken_link() == ids[2]


def test_writers_at_once_leave_one_chain(registry: Registry, ann: Tenant) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: create(registry, ann, f"shop-{number}"), range(12)))
    assert registry.journal.broken_link() is None


def test_who_acted_is_kept(registry: Registry, ann: Tenant) -> None:
    operation = create(registry, ann).operation
    finish(registry, operation)
    operator = Scope.operator("token:ops")
    registry.intents.transition(operator, operation.store, OperationKind.SUSPEND)
    rows = registry.journal.audit_of(f"store:{operation.store}")
    assert [(row["actor"], row["action"]) for row in rows] == [
        (ann.owner, "store.create"),
        ("token:ops", "store.suspend"),
    ]
