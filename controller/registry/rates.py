"""Exchange rates in the database: the sets that were accepted, and how their sources do.

`jobs.rate_sync` writes under its lease, the operator's approval writes a set of its own. A
set is never changed: the one with the largest id is in force. What was sent to each store is in
`rate_pushes`.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from controller.domain.errors.rates import RatesMovedOnError
from controller.domain.notes import Note
from controller.domain.rates import PushState, Quote, QuoteSet, SourceState
from controller.domain.tenant import Scope
from controller.registry.journal import audit
from controller.registry.leases import Lease, holds
from controller.registry.progress import LeaseLostError
from controller.registry.rows import dump
from controller.registry.session import Database, epoch_now, upsert, utcnow
from controller.registry.tables import RatePushRow, RateQuoteRow, RateSetRow, RateSourceRow, table

_sets = table(RateSetRow)
_quotes = table(RateQuoteRow)
_sources = table(RateSourceRow)
_pushes = table(RatePushRow)

KEPT = timedelta(days=90)


class Rates:
    """Sets and sources."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- sets -------------------------------------------------------------------------------------

    def newest(self) -> QuoteSet | None:
        """The set that is in force; None before the first."""
        with self._database.read() as connection:
            return _newest(connection)

    def accept(
        self,
        lease: Lease,
        last: QuoteSet | None,
        provider: str,
        base: str,
        as_of: date,
        quotes: Mapping[str, Quote],
    ) -> bool:
        """Put a set in force; False when it was judged beside another set than the newest.

        Raises LeaseLostError.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            check(connection, lease)
            if newest_id(connection) != (last.id if last else 0):
                return False
            _insert(connection, provider, base, as_of, quotes)
        return True

    def approve(self, scope: Scope, set_id: int | None) -> QuoteSet | None:
        """Put quotes that wait for approval in force, as a new set; None when none wait.

        `set_id` is the set that somebody looked at; raises RatesMovedOnError when it is not the
        newest any more.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            newest = _newest(connection)
            if set_id is not None and (newest is None or newest.id != set_id):
                raise RatesMovedOnError(set=newest.id if newest else 0)
            if newest is None or not newest.held:
                return newest
            quotes = {
                code: Quote(rate=quote.held, as_of=newest.as_of) if quote.held else quote
                for code, quote in newest.quotes.items()
            }
            _insert(connection, newest.provider, newest.base, newest.as_of, quotes)
            audit(
                connection,
                scope,
                tenant=None,
                action="approve-rates",
                subject=f"rates:{newest.id}",
                before={code: str(quote.rate) for code, quote in newest.held.items()},
                after={code: str(quote.held) for code, quote in newest.held.items()},
            )
            return _newest(connection)

    def forget_old(self) -> None:
        """Drop sets of last quarter and before, but the newest."""
        with self._database.write() as connection:
            newest = newest_id(connection)
            old = select(_sets.c.id).where(
                _sets.c.fetched_at < utcnow() - KEPT, _sets.c.id < newest
            )
            connection.execute(delete(_quotes).where(_quotes.c.set_id.in_(old)))
            connection.execute(delete(_sets).where(_sets.c.id.in_(old)))

    # --- sources ----------------------------------------------------------------------------------

    def sources(self) -> list[SourceState]:
        """Every source that was ever asked."""
        with self._database.read() as connection:
            rows = connection.execute(select(_sources).order_by(_sources.c.name)).mappings()
            return [_source(row) for row in rows]

    def ask(self, name: str) -> None:
        """Have a source asked now."""
        values = {"name": name, "failures": 0, "asked": True, "due_at": None}
        statement = upsert(self._database, _sources).values(values)
        statement = statement.on_conflict_do_update(index_elements=["name"], set_={"asked": True})
        with self._database.write() as connection:
            connection.execute(statement)

    def told(self, lease: Lease, name: str, error: Note | None, due_in: float) -> int:
        """Write how asking a source went; return how often it failed in a row.

        Raises LeaseLostError.
        """
        now = utcnow()
        values: dict[str, Any] = {
            "checked_at": now,
            "error": dump({"code": error.reason, "params": dict(error.params)}) if error else None,
            "asked": False,
            "due_at": epoch_now() + due_in,
        }
        if error is None:
            values["succeeded_at"] = now
        statement = upsert(self._database, _sources).values(
            name=name, failures=1 if error else 0, **values
        )
        statement = statement.on_conflict_do_update(
            index_elements=["name"],
            set_={**values, "failures": _sources.c.failures + 1 if error else 0},
        ).returning(_sources.c.failures)
        with self._database.write() as connection:
            check(connection, lease)
            failures: int = connection.execute(statement).scalar_one()
        return failures

    def to_ask(self, name: str) -> bool:
        """Whether a source is to be asked: the operator wants it, or stores need it and it is time.

        A control plane whose stores have one currency each asks nobody.
        """
        query = select(_sources.c.asked, _sources.c.due_at, epoch_now().label("now"))
        needs = select(_pushes.c.store_uid).where(_pushes.c.state != str(PushState.UNNEEDED))
        with self._database.read() as connection:
            row = connection.execute(query.where(_sources.c.name == name)).first()
            if row is not None and row.asked:
                return True
            if row is not None and row.due_at is not None and row.due_at > row.now:
                return False
            return connection.execute(needs.limit(1)).first() is not None


def check(connection: Connection, lease: Lease) -> None:
    """Raise LeaseLostError unless the lease is still ours."""
    if not holds(connection, lease):
        raise LeaseLostError(str(lease.ref))


def newest_id(connection: Connection) -> int:
    """The id of the set in force; 0 before the first."""
    return connection.execute(select(func.max(_sets.c.id))).scalar_one_or_none() or 0


def _newest(connection: Connection) -> QuoteSet | None:
    found = select(_sets).order_by(_sets.c.id.desc()).limit(1)
    row = connection.execute(found).mappings().first()
    if row is None:
        return None
    quotes = connection.execute(select(_quotes).where(_quotes.c.set_id == row["id"])).mappings()
    return QuoteSet(
        id=row["id"],
        provider=row["provider"],
        base=row["base"],
        as_of=row["as_of"],
        fetched_at=row["fetched_at"],
        quotes={
            quote["currency"]: Quote(
                rate=Decimal(quote["rate"]),
                as_of=quote["as_of"],
                held=Decimal(quote["held"]) if quote["held"] else None,
            )
            for quote in quotes
        },
    )


def _insert(
    connection: Connection, provider: str, base: str, as_of: date, quotes: Mapping[str, Quote]
) -> None:
    values = {"provider": provider, "base": base, "as_of": as_of, "fetched_at": utcnow()}
    number = connection.execute(insert(_sets).values(values).returning(_sets.c.id)).scalar_one()
    rows = [
        {
            "set_id": number,
            "currency": code,
            "rate": str(quote.rate),
            "as_of": quote.as_of,
            "held": str(quote.held) if quote.held is not None else None,
        }
        for code, quote in quotes.items()
    ]
    connection.execute(insert(_quotes), rows)


def note_of(text: str | None) -> Note | None:
    """An error's code with its parameters from a column."""
    if text is None:
        return None
    found = orjson.loads(text)
    return Note(reason=found["code"], params=found["params"])


def _source(row: RowMapping) -> SourceState:
    return SourceState(
        name=row["name"],
        checked_at=row["checked_at"],
        succeeded_at=row["succeeded_at"],
        failures=row["failures"],
        error=note_of(row["error"]),
    )
