"""Terraform's states in a PostgreSQL database, a schema per stack; `builder` asks.

Terraform's lock is an advisory one of its session there. It dies with the session, which a machine
that vanished leaves behind until the server notices; so a dead run's session is ended by its name.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from provisioners.terraform.states import Backend, Intent, Lock, parsed, unreachable

_PREFIX = "stack_"
_INTENTS = """
CREATE TABLE IF NOT EXISTS terraform_intents
    (name text NOT NULL, run text NOT NULL, intent text NOT NULL, PRIMARY KEY (name, run))
"""
_HOLDERS = """
SELECT activity.pid, activity.application_name, activity.usename, host(activity.client_addr),
       activity.state_change
FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
WHERE pg_locks.locktype = 'advisory' AND pg_locks.granted
  AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (activity.application_name LIKE %s OR pg_locks.objid::bigint = %s)
ORDER BY activity.backend_start LIMIT 1
"""


class PostgresStates:
    """One schema per name in one database. Its password is never shown."""

    def __init__(self, address: str, *, timeout: float = 10.0) -> None:
        """Keep states at a URL of libpq's, or of SQLAlchemy's with its driver."""
        self._address = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", address)
        self._timeout = timeout

    def backend(self, name: str, run: str) -> Backend:
        """The database, with the run as the session's name."""
        environment = {"PG_CONN_STR": self._address, "PGAPPNAME": _session(name, run)}
        # Unlike libpq, terraform insists on encryption where nothing else is said.
        with self._connected() as connection:
            environment["PGSSLMODE"] = "require" if connection.pgconn.ssl_in_use else "disable"
        settings = {"schema_name": _schema(name)}
        return Backend(kind="pg", settings=settings, environment=environment)

    def read(self, name: str) -> dict[str, Any] | None:
        """The row of the schema's table."""
        with self._connected() as connection:
            row = self._row(connection, name)
        return parsed(row[1].encode()) if row and row[1] else None

    def remove(self, name: str) -> None:
        """Drop the schema and forget what was intended."""
        drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(_schema(name)))
        with self._connected() as connection:
            connection.execute(_INTENTS)
            connection.execute("DELETE FROM terraform_intents WHERE name = %s", [name])
            connection.execute(drop)

    def names(self) -> set[str]:
        """Every schema that is ours."""
        ask = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)"
        with self._connected() as connection:
            rows = connection.execute(ask, [_PREFIX]).fetchall()
        return {str(row[0]).removeprefix(_PREFIX) for row in rows}

    def lock(self, name: str) -> Lock | None:
        """The session that holds the advisory lock."""
        with self._connected() as connection:
            row = self._row(connection, name)
            pattern = _session(name, "").replace("_", r"\_") + "%"
            held = connection.execute(_HOLDERS, [pattern, row[0] if row else -1]).fetchone()
        if held is None:
            return None
        pid, session, user, host, since = held
        ours = str(session).startswith(_session(name, ""))
        run = str(session).removeprefix(_session(name, "")) if ours else ""
        who = f"{user}@{host or 'local'} ({session or 'unnamed session'})"
        return Lock(id=str(pid), who=who, created=since, run=run)

    def release(self, name: str, lock: Lock) -> None:
        """End the session, if it still is the one that was seen."""
        ask = """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE pid = %s AND application_name = %s
        """
        with self._connected() as connection:
            connection.execute(ask, [int(lock.id), _session(name, lock.run or "")])

    def intents(self, name: str) -> tuple[Intent, ...]:
        """The rows of the name."""
        ask = "SELECT intent FROM terraform_intents WHERE name = %s ORDER BY run"
        with self._connected() as connection:
            connection.execute(_INTENTS)
            rows = connection.execute(ask, [name]).fetchall()
        return tuple(Intent.decoded(row[0]) for row in rows)

    def intend(self, name: str, intent: Intent) -> None:
        """Write a row."""
        write = """
            INSERT INTO terraform_intents (name, run, intent) VALUES (%s, %s, %s)
            ON CONFLICT (name, run) DO UPDATE SET intent = excluded.intent
        """
        with self._connected() as connection:
            connection.execute(_INTENTS)
            connection.execute(write, [name, intent.run, intent.encoded()])

    def swap(self, name: str, old: Intent, new: Intent) -> bool:
        """Update the row that still says the same."""
        update = """
            UPDATE terraform_intents SET intent = %s WHERE name = %s AND run = %s AND intent = %s
        """
        values = [new.encoded(), name, old.run, old.encoded()]
        with self._connected() as connection:
            return connection.execute(update, values).rowcount == 1

    def forget(self, name: str, runs: Iterable[str]) -> None:
        """Delete their rows."""
        delete = "DELETE FROM terraform_intents WHERE name = %s AND run = ANY(%s)"
        with self._connected() as connection:
            connection.execute(_INTENTS)
            connection.execute(delete, [name, list(runs)])

    def _row(self, connection: psycopg.Connection[Any], name: str) -> tuple[int, str] | None:
        table = sql.Identifier(_schema(name), "states")
        found = connection.execute("SELECT to_regclass(%s)", [f"{_schema(name)}.states"]).fetchone()
        if found is None or found[0] is None:
            return None
        ask = sql.SQL("SELECT id, data FROM {} WHERE name = 'default'").format(table)
        row: tuple[int, str] | None = connection.execute(ask).fetchone()
        return row

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with psycopg.connect(
                self._address,
                connect_timeout=int(self._timeout),
                # A server that vanished in the middle must not hold up whoever renews a run.
                tcp_user_timeout=int(self._timeout * 1000),
                autocommit=True,
            ) as connection:
                yield connection
        except psycopg.Error as error:
            raise unreachable(str(error).replace(self._address, "…")) from error


def _schema(name: str) -> str:
    return f"{_PREFIX}{name}"


def _session(name: str, run: str) -> str:
    return f"storectl {name} {run}"
