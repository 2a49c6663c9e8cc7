"""Connections and transactions: SQLite (WAL, writes begin IMMEDIATE) or PostgreSQL, by URL.

Every registry module opens `read()` or `write()` for one short transaction. Nothing else holds a
session, so that no connection waits for a program or for a request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Float, Table, create_engine, event, select, text
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from controller.domain.errors.base import UnavailableError
from controller.domain.errors.platform import (
    DatabaseBusyError,
    StorageFullError,
    StorageUnusableError,
)
from controller.domain.errors.requests import BadRequestError

POOL_SIZE = 64
"""More than the server's threads: a thread that waits for a connection holds the others up."""

WRITE_ORDER = 7_305_221
"""PostgreSQL's advisory lock that puts events and audit rows in the order of their commits."""

_BROKEN_STORAGE = (
    "disk I/O",
    "readonly database",
    "read-only",
    "unable to open database file",
    "file is not a database",
    "database disk image is malformed",
)
"""What databases say when it is the disk below them, and not for want of room."""

_IDLE = "3s"
"""How long a process that was paused can hold rows. Shorter than the wait for a lock, so that
everybody else gets through."""


class epoch_now(FunctionElement[float]):  # noqa: N801 -- a SQL function, named like func.now().
    """Seconds since the epoch by the database's own clock: one clock for all workers."""

    type = Float()
    inherit_cache = True


@compiles(epoch_now, "sqlite")
def _epoch_sqlite(element: object, compiler: object, **options: object) -> str:  # noqa: ARG001
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(epoch_now, "postgresql")
def _epoch_postgresql(element: object, compiler: object, **options: object) -> str:  # noqa: ARG001
    # The statement's time is stable while it runs, so that an index can be used; clock_timestamp()
    # is not. It is the earlier of the two, which only makes a lease shorter.
    return "extract(epoch from statement_timestamp())::float8"


def utcnow() -> datetime:
    """The time that people read."""
    return datetime.now(UTC)


class Database:
    """One database, as SQLAlchemy Core connections in transactions."""

    def __init__(self, url: str, *, patience: float = 5.0) -> None:
        """`patience` is how many seconds a call waits for a lock or a free connection."""
        self.url = url
        self.dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
        if self.dialect == "sqlite":
            self._readers = _sqlite(url, "BEGIN", patience)
            self._writers = _sqlite(url, "BEGIN IMMEDIATE", patience)
        else:
            self._writers = _postgresql(url, patience)
            self._readers = self._writers.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @property
    def readers(self) -> int | None:
        """How many threads read best at once; None for a file, which answers without waiting."""
        return None if self.dialect == "sqlite" else 16

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only view at one moment.

        Raises DatabaseBusyError or StorageFullError for what the database cannot do right now.
        """
        with _translated(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back on any error."""
        with _translated(), self._writers.begin() as connection:
            yield connection

    def in_order(self, connection: Connection) -> None:
        """Take the place in the one order of events; held until the commit.

        SQLite has one writer at a time, so it needs nothing.
        """
        if self.dialect == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITE_ORDER})"))

    @contextmanager
    def alone(self, number: int, seconds: int) -> Iterator[None]:
        """Hold one of PostgreSQL's advisory locks over many transactions.

        Raises DatabaseBusyError when it is not free within so many seconds. SQLite has one writer
        at a time, so it needs nothing.
        """
        if self.dialect == "sqlite":
            yield
            return
        # Outside of any transaction: one that idles is ended by the server.
        engine = self._writers.execution_options(isolation_level="AUTOCOMMIT")
        with _translated(), engine.connect() as connection:
            connection.execute(text(f"SET lock_timeout = '{seconds}s'"))
            connection.execute(text(f"SELECT pg_advisory_lock({number})"))
            try:
                yield
            finally:
                # The lock and the setting end with the connection.
                connection.invalidate()

    def now(self, connection: Connection) -> float:
        """The database's clock, in seconds since the epoch."""
        return connection.execute(select(epoch_now())).scalar_one()

    def ping(self) -> None:
        """Raise UnavailableError unless the database answers."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every pooled connection."""
        self._readers.dispose()
        self._writers.dispose()


def upsert(database: Database, target: Table) -> Any:
    """An INSERT that takes ON CONFLICT: both spell it alike, each in its own compiler."""
    own: Any = insert_postgresql if database.dialect == "postgresql" else insert_sqlite
    return own(target)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the drivers' errors into ours, once."""
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseBusyError from error
    except OperationalError as error:
        message = str(error.orig)
        if "full" in message or "No space left" in message:
            raise StorageFullError from error
        _look_at_storage(error)
        raise DatabaseBusyError from error
    except DataError as error:
        # A text with NUL, which PostgreSQL does not store, or a number beyond its columns.
        raise BadRequestError from error
    except DBAPIError as error:
        _look_at_storage(error)
        if error.connection_invalidated:
            raise UnavailableError from error
        raise


def _look_at_storage(error: DBAPIError) -> None:
    """Raise StorageUnusableError when it is the disk, or what lies on it."""
    message = str(error.orig)
    if any(words in message for words in _BROKEN_STORAGE):
        raise StorageUnusableError(detail=message.splitlines()[0][:200]) from error


def _sqlite(url: str, begin: str, patience: float) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=patience,
        connect_args={"timeout": patience, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: object) -> None:
        # The driver's own BEGIN is deferred and fails on a late lock; ours is below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: str, patience: float) -> Engine:
    url = url.replace("postgres://", "postgresql://", 1)
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(
        url,
        # An upper bound: connections are opened as threads need them, in a worker about a dozen.
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=patience,
        pool_pre_ping=True,
        connect_args={
            "application_name": "storectl",
            "connect_timeout": 5,
            "options": f"-c lock_timeout={round(patience * 1000)}ms"
            f" -c idle_in_transaction_session_timeout={_IDLE}",
            # A server that vanished without a word is noticed within these seconds, not in hours.
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
        },
    )
