"""What was sent to each store of the newest exchange rates: `controller.jobs.rate_sync` writes it.

A row is written when a look at its store is over. A store whose row is missing or behind is due by
that alone, so nothing is lost with a process that dies, and a new set costs no write per store.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping, and_, case, func, or_, select

from controller.domain.conditions import Phase
from controller.domain.notes import Note
from controller.domain.rates import Push, PushState
from controller.domain.stack import Stack, StackDesired
from controller.domain.store import StoreSpec, spec_from_json
from controller.domain.tenant import Scope
from controller.registry.leases import Lease
from controller.registry.rates import check, newest_id, note_of
from controller.registry.rows import dump, stack_of
from controller.registry.session import Database, epoch_now, upsert, utcnow
from controller.registry.tables import RatePushRow, StackRow, StoreRow, table

_pushes = table(RatePushRow)
_stores = table(StoreRow)
_stacks = table(StackRow)

_SERVED = (
    Phase.READY,
    Phase.CHANGING,
    Phase.DEGRADED,
    Phase.SUSPENDING,
    Phase.SUSPENDED,
)
"""The phases of a store that was complete once: before, its own configuration brings the rates."""

_RUNS = and_(
    _stacks.c.endpoint.is_not(None),
    _stacks.c.desired.in_((str(StackDesired.RUNNING), str(StackDesired.CLOSED))),
)


@dataclass(frozen=True, kw_only=True)
class Due:
    """A store that is to be looked at, with what the last look left."""

    uid: str
    generation: int
    spec: StoreSpec
    stack: Stack
    digest: str
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a look at a store led to."""

    uid: str
    generation: int
    state: PushState
    set_id: int
    digest: str = ""
    """Of the rates that the shop has now."""
    sent: bool = False
    """Whether the shop took them just now."""
    attempts: int = 0
    error: Note | None = None
    """An error's code with its parameters."""
    due_in: float | None = None


class RatePushes:
    """Which stores are due, and what was sent to each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def any_due(self) -> bool:
        """Whether some store is to be looked at."""
        with self._database.read() as connection:
            query = _due(newest_id(connection)).with_only_columns(_stores.c.uid).limit(1)
            return connection.execute(query).first() is not None

    def due(self, set_id: int, *, after: str, limit: int) -> list[Due]:
        """Stores to look at for a set (0: there is none yet), in the order of their uids."""
        query = _due(set_id).where(_stores.c.uid > after).order_by(_stores.c.uid).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Due(
                uid=row["store_uid"],
                generation=row["store_generation"],
                spec=spec_from_json(row["slug"], {}, orjson.loads(row["spec"])),
                stack=stack_of(row),
                digest=row["digest"] or "",
                attempts=row["attempts"] or 0,
            )
            for row in rows
        ]

    def record(self, lease: Lease, outcomes: Iterable[Outcome]) -> None:
        """Write outcomes in one transaction; an older set's never over a newer one's.

        Raises LeaseLostError, and then nothing is written.
        """
        with self._database.write() as connection:
            check(connection, lease)
            now, clock = utcnow(), self._database.now(connection)
            # In one order: two that write never wait for each other.
            ordered = sorted(outcomes, key=lambda item: item.uid)
            for kept in _KEPT:
                values = [_values(item, clock, now) for item in ordered if _kept(item) == kept]
                if values:
                    connection.execute(self._upsert(kept), values)

    def push(self, uid: str) -> Push | None:
        """How a store stands to the newest set; None for one that nobody looked at yet."""
        with self._database.read() as connection:
            query = (
                select(
                    _pushes, (_pushes.c.due_at - epoch_now()).label("due_in"), _RUNS.label("runs")
                )
                .join(_stores, _stores.c.uid == _pushes.c.store_uid)
                .join(_stacks, _stacks.c.uid == _stores.c.stack_uid)
                .where(_pushes.c.store_uid == uid)
            )
            row = connection.execute(query).mappings().first()
            return _push(row, newest_id(connection)) if row else None

    def counts(self, scope: Scope) -> dict[str, int]:
        """How many stores in scope stand how to the newest set."""
        with self._database.read() as connection:
            state = case(
                (_pushes.c.state == str(PushState.UNNEEDED), str(PushState.UNNEEDED)),
                (~_RUNS, str(PushState.HELD)),
                (_pushes.c.set_id < newest_id(connection), str(PushState.PENDING)),
                else_=_pushes.c.state,
            ).label("state")
            query = (
                select(state, func.count())
                .join(_stores, _stores.c.uid == _pushes.c.store_uid)
                .join(_stacks, _stacks.c.uid == _stores.c.stack_uid)
                .where(_stores.c.phase.in_([str(phase) for phase in _SERVED]))
                .group_by(state)
            )
            if scope.tenant is not None:
                query = query.where(_stores.c.tenant_uid == scope.tenant)
            return dict(connection.execute(query).all())

    def _upsert(self, kept: Sequence[str]) -> Any:
        statement = upsert(self._database, _pushes)
        changed = {
            name: statement.excluded[name]
            for name in _pushes.c.keys()  # noqa: SIM118 -- a collection of columns, no mapping.
            if name not in {"store_uid", *kept}
        }
        newer = _pushes.c.set_id <= statement.excluded.set_id
        return statement.on_conflict_do_update(
            index_elements=["store_uid"], set_=changed, where=newer
        )


def _due(set_id: int) -> Any:
    """Running stores that nobody looked at, or not since a newer set, change or failure's pause."""
    needed = _pushes.c.state != str(PushState.UNNEEDED)
    return (
        select(
            _stores.c.uid.label("store_uid"),
            _stores.c.generation.label("store_generation"),
            _stores.c.slug,
            _stores.c.spec,
            _pushes.c.digest,
            _pushes.c.attempts,
            _stacks,
        )
        .join(_stacks, _stacks.c.uid == _stores.c.stack_uid)
        .outerjoin(_pushes, _pushes.c.store_uid == _stores.c.uid)
        .where(_stores.c.phase.in_([str(phase) for phase in _SERVED]), _RUNS)
        .where(
            or_(
                _pushes.c.store_uid.is_(None),
                _pushes.c.generation != _stores.c.generation,
                and_(needed, _pushes.c.set_id < set_id),
                _pushes.c.due_at <= epoch_now(),
            )
        )
    )


_KEPT: tuple[tuple[str, ...], ...] = ((), ("sent_at",), ("sent_at", "sent_set_id"))


def _kept(outcome: Outcome) -> tuple[str, ...]:
    """The columns that stay: of a shop that took nothing, or has the very rates already."""
    if outcome.sent:
        return _KEPT[0]
    return _KEPT[1] if outcome.state is PushState.SENT else _KEPT[2]


def _values(outcome: Outcome, clock: float, now: datetime) -> dict[str, Any]:
    error = outcome.error
    return {
        "store_uid": outcome.uid,
        "generation": outcome.generation,
        "state": str(outcome.state),
        "set_id": outcome.set_id,
        "sent_set_id": outcome.set_id if outcome.digest else 0,
        "digest": outcome.digest,
        "attempts": outcome.attempts,
        "due_at": None if outcome.due_in is None else clock + outcome.due_in,
        "error": dump({"code": error.reason, "params": dict(error.params)}) if error else None,
        "sent_at": now if outcome.sent else None,
    }


def _push(row: RowMapping, newest: int) -> Push:
    state = PushState(row["state"])
    if state is not PushState.UNNEEDED:
        if not row["runs"]:
            state = PushState.HELD
        elif row["set_id"] < newest:
            state = PushState.PENDING
    return Push(
        store=row["store_uid"],
        state=state,
        set_id=row["set_id"],
        sent_set_id=row["sent_set_id"],
        attempts=row["attempts"],
        error=note_of(row["error"]),
        due_in=row["due_in"],
        sent_at=row["sent_at"],
    )
