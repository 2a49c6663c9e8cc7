"""Rollouts of images: rows alone, so that any worker goes on where a dead one was.

`advance` is one transaction under the registry's order of writes. Whoever calls it and however
often, no store begins twice and no more run at once than was said.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, insert, select, update

from controller.domain.conditions import Desired, Phase
from controller.domain.errors.base import ConflictError
from controller.domain.errors.stacks import RolloutNotFoundError, RolloutOpenError
from controller.domain.images import Image, parse_image
from controller.domain.naming import new_uid
from controller.domain.operations import OperationState
from controller.domain.rollouts import Rollout, RolloutState, Turn, TurnState
from controller.domain.stack import Stack, StackDesired
from controller.domain.tenant import Scope
from controller.registry import operations
from controller.registry.journal import audit
from controller.registry.leases import Kind, Ref
from controller.registry.rows import stack_of
from controller.registry.session import Database, utcnow
from controller.registry.stack_shaping import set_image
from controller.registry.stores import lookup_store
from controller.registry.tables import RolloutRow, RolloutStoreRow, StackRow, StoreRow, table

_rollouts = table(RolloutRow)
_turns = table(RolloutStoreRow)
_stores = table(StoreRow)
_stacks = table(StackRow)
_WELL = {Phase.READY, Phase.SUSPENDED}
_RUNNING = (str(StackDesired.RUNNING), str(StackDesired.CLOSED))

_placed = (
    select(_stacks, _stores.c.uid.label("store"), _stores.c.slug)
    .join(_stores, _stores.c.stack_uid == _stacks.c.uid)
    .where(_stacks.c.cluster.is_not(None), _stacks.c.desired.in_(_RUNNING))
    .order_by(_stores.c.slug)
)


class Rollouts:
    """Beginning, following and ending rollouts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, image: Image, engine: str) -> list[Turn]:
        """The stores of a software on clusters that run another image, by name."""
        with self._database.read() as connection:
            return _others(connection, image, engine)

    def placed(self) -> list[tuple[str, Stack]]:
        """Every stack that runs on a cluster, with its store's name."""
        with self._database.read() as connection:
            rows = connection.execute(_placed).mappings().all()
        return [(row["slug"], stack_of(row)) for row in rows]

    def start(
        self,
        scope: Scope,
        image: Image,
        engine: str,
        *,
        max_parallel: int = 1,
        max_failures: int = 1,
    ) -> Rollout:
        """Begin with every store of a software on a cluster that runs another image.

        Raises RolloutOpenError while another one goes on.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            for open_ in _found(connection, state=RolloutState.RUNNING):
                raise RolloutOpenError(image=open_.image, rollout=open_.id)
            turns = _others(connection, image, engine)
            rollout = Rollout(
                id=new_uid(),
                image=str(image),
                state=RolloutState.RUNNING if turns else RolloutState.FINISHED,
                max_parallel=max_parallel,
                max_failures=max_failures,
                actor=scope.actor,
                created_at=utcnow(),
                finished_at=None if turns else utcnow(),
                turns=turns,
            )
            _insert(connection, rollout)
            _audit(connection, scope, rollout, "rollout.start")
            return rollout

    def all(self) -> list[Rollout]:
        """Every rollout, the newest first."""
        with self._database.read() as connection:
            return _found(connection)

    def get(self, rollout_id: str) -> Rollout:
        """One rollout; raises RolloutNotFoundError."""
        with self._database.read() as connection:
            return _one(connection, rollout_id)

    def stop(self, scope: Scope, rollout_id: str) -> Rollout:
        """Let no further store begin; what is under way goes on to its end."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            rollout = _one(connection, rollout_id)
            if rollout.state is RolloutState.RUNNING:
                _save(connection, rollout, RolloutState.STOPPED)
                _audit(connection, scope, rollout, "rollout.stop")
            return _one(connection, rollout_id)

    def resume(self, scope: Scope, rollout_id: str) -> Rollout:
        """Go on with a stopped one: what failed or was skipped has another turn.

        Raises RolloutOpenError while another one goes on.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            rollout = _one(connection, rollout_id)
            if rollout.state is RolloutState.RUNNING:
                return rollout
            for open_ in _found(connection, state=RolloutState.RUNNING):
                raise RolloutOpenError(image=open_.image, rollout=open_.id)
            again = {TurnState.FAILED, TurnState.SKIPPED}
            for position, turn in enumerate(rollout.turns):
                if turn.state in again:
                    fresh = replace(turn, state=TurnState.WAITING, operation=None, detail="")
                    _turn(connection, rollout, position, fresh)
            _save(connection, rollout, RolloutState.RUNNING)
            _audit(connection, scope, rollout, "rollout.resume")
            return _one(connection, rollout_id)

    def advance(self) -> list[Ref]:
        """Write down what ended and begin what may; returns whom to wake."""
        with self._database.read() as connection:
            if not _found(connection, state=RolloutState.RUNNING):
                return []
        with self._database.write() as connection:
            self._database.in_order(connection)
            woken: list[Ref] = []
            for rollout in _found(connection, state=RolloutState.RUNNING):
                woken += _advance(connection, rollout)
            return woken


def _advance(connection: Connection, rollout: Rollout) -> list[Ref]:
    turns = [_ended(connection, turn) for turn in rollout.turns]
    woken: list[Ref] = []
    now = replace(rollout, turns=turns)
    for position, turn in enumerate(turns):
        if now.failed or now.count(TurnState.RUNNING) >= now.max_parallel:
            break
        if turn.state is TurnState.WAITING:
            turns[position] = _begun(connection, rollout, turn, woken)
            now = replace(rollout, turns=turns)
    for position, (before, after) in enumerate(zip(rollout.turns, turns, strict=True)):
        if before != after:
            _turn(connection, rollout, position, after)
    if now.failed:
        _save(connection, rollout, RolloutState.STOPPED)
    elif not now.count(TurnState.WAITING) and not now.count(TurnState.RUNNING):
        _save(connection, rollout, RolloutState.FINISHED)
    return woken


def _ended(connection: Connection, turn: Turn) -> Turn:
    """A turn after a look at its operation."""
    if turn.state is not TurnState.RUNNING:
        return turn
    operation = operations.lookup(connection, turn.operation)
    if operation is not None and operation.open:
        return turn
    if operation is not None and operation.state is OperationState.SUCCEEDED:
        return replace(turn, state=TurnState.DONE)
    if operation is not None and operation.state is OperationState.FAILED:
        code = operation.error.reason if operation.error else ""
        return replace(turn, state=TurnState.FAILED, detail=code)
    # Somebody wanted something else of the store meanwhile.
    return replace(turn, state=TurnState.SKIPPED, detail="superseded")


def _begun(connection: Connection, rollout: Rollout, turn: Turn, woken: list[Ref]) -> Turn:
    """A turn that is under way, unless its store is not in the state for it."""
    store = lookup_store(connection, turn.store)
    if store is None or store.desired in {Desired.RETIRED, Desired.PURGED}:
        return replace(turn, state=TurnState.SKIPPED, detail="gone")
    if store.status.phase not in _WELL:
        return replace(turn, state=TurnState.SKIPPED, detail=f"not well: {store.status.phase}")
    scope = Scope.operator(rollout.actor)
    try:
        accepted = set_image(connection, scope, store, parse_image(rollout.image))
    except ConflictError as error:
        return replace(turn, state=TurnState.SKIPPED, detail=error.code)
    if not accepted.new:
        return replace(turn, state=TurnState.DONE)
    woken += [Ref(kind=Kind.STACK, uid=store.stack), Ref(kind=Kind.STORE, uid=store.uid)]
    return replace(turn, state=TurnState.RUNNING, operation=accepted.operation.id)


def _others(connection: Connection, image: Image, engine: str) -> list[Turn]:
    return [
        Turn(store=row["store"], slug=row["slug"])
        for row in connection.execute(_placed).mappings()
        if (stack := stack_of(row)).engine == engine and stack.spec.image != str(image)
    ]


def _found(connection: Connection, *, state: RolloutState | None = None) -> list[Rollout]:
    query = select(_rollouts).order_by(_rollouts.c.id.desc()).limit(100)
    if state is not None:
        query = query.where(_rollouts.c.state == str(state))
    return [_rollout(connection, dict(row)) for row in connection.execute(query).mappings()]


def _one(connection: Connection, rollout_id: str) -> Rollout:
    query = select(_rollouts).where(_rollouts.c.id == rollout_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise RolloutNotFoundError(rollout=rollout_id[:60])
    return _rollout(connection, dict(row))


def _rollout(connection: Connection, row: dict[str, object]) -> Rollout:
    query = select(_turns).where(_turns.c.rollout_id == row["id"]).order_by(_turns.c.position)
    turns = tuple(
        Turn(
            store=turn["store_uid"],
            slug=turn["slug"],
            state=TurnState(turn["state"]),
            operation=turn["operation_id"],
            detail=turn["detail"],
        )
        for turn in connection.execute(query).mappings()
    )
    kept: dict[str, object] = {**row, "state": RolloutState(str(row["state"]))}
    return Rollout(**kept, turns=turns)  # type: ignore[arg-type]


def _insert(connection: Connection, rollout: Rollout) -> None:
    connection.execute(
        insert(_rollouts).values(
            id=rollout.id,
            image=rollout.image,
            actor=rollout.actor,
            state=str(rollout.state),
            max_parallel=rollout.max_parallel,
            max_failures=rollout.max_failures,
            created_at=rollout.created_at,
            finished_at=rollout.finished_at,
        )
    )
    rows = [
        {"rollout_id": rollout.id, "position": position, **_columns(turn)}
        for position, turn in enumerate(rollout.turns)
    ]
    if rows:
        connection.execute(insert(_turns), rows)


def _turn(connection: Connection, rollout: Rollout, position: int, turn: Turn) -> None:
    mine = (_turns.c.rollout_id == rollout.id) & (_turns.c.position == position)
    connection.execute(update(_turns).where(mine).values(**_columns(turn)))


def _columns(turn: Turn) -> dict[str, str | None]:
    return {
        "store_uid": turn.store,
        "slug": turn.slug,
        "state": str(turn.state),
        "operation_id": turn.operation,
        "detail": turn.detail,
    }


def _save(connection: Connection, rollout: Rollout, state: RolloutState) -> None:
    ended = None if state is RolloutState.RUNNING else utcnow()
    connection.execute(
        update(_rollouts)
        .where(_rollouts.c.id == rollout.id)
        .values(state=str(state), finished_at=ended)
    )


def _audit(connection: Connection, scope: Scope, rollout: Rollout, action: str) -> None:
    turns: Sequence[Turn] = rollout.turns
    after = {"image": rollout.image, "stores": len(turns)}
    audit(
        connection, scope, tenant=None, action=action, subject=f"rollout:{rollout.id}", after=after
    )
