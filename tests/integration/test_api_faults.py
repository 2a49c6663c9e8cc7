"""When the database is locked, full or gone: a documented answer, and nothing is lost."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from controller.domain.errors.platform import StorageFullError
from controller.registry.migrate import migrate
from controller.registry.session import WRITE_ORDER, Database
from tests import factories
from tests.databases import (  # noqa: F401 -- fixtures.
    database,
    migrated_postgres,
    migrated_sqlite,
    sqlite_database,
    sqlite_template,
)
from tests.planes import Plane, plane_over
from tests.services.postgres import PostgresServer

PATIENCE = 0.3
WRITES: dict[str, Callable[[Plane], Any]] = {
    "create": lambda plane: plane.post("stores", {"name": "fresh", "country": "DE"}),
    "apply": lambda plane: plane.request("PUT", "stores/fresh", json={"country": "DE"}),
    "patch": lambda plane: plane.request("PATCH", "stores/acme", json={"displayName": "New"}),
    "retire": lambda plane: plane.post("stores/acme/retire"),
    "token": lambda plane: plane.post("tokens", {"displayName": "x"}),
}
READS = ("stores", "stores/acme", "operations", "events", "tenants", "tokens", "names/acme")


@pytest.fixture
def plane(database: Database, tmp_path: Path) -> Iterator[Plane]:  # noqa: F811
    with (
        closing(Database(database.url, patience=PATIENCE)) as impatient,
        plane_over(impatient, tmp_path) as found,
    ):
        found.make()
        yield found
        found.check()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold what every writer needs, as another process would."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url.replace("+psycopg", "")) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(%s)", (WRITE_ORDER,))
        # Tokens are no part of the order of events.
        holder.execute("LOCK TABLE tokens IN EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("way", WRITES)
def test_a_locked_database_is_told_and_loses_nothing(plane: Plane, way: str) -> None:
    with locked(plane.registry.database.url):
        answer = WRITES[way](plane)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        for path in READS:
            assert plane.get(path).status_code == 200, path
        assert plane.get("/readyz").status_code == 200
    assert WRITES[way](plane).status_code in {201, 202}
    plane.settle()
    assert plane.get("operations?state=pending").json()["items"] == []


@contextmanager
def full(plane: Plane) -> Iterator[None]:
    """Let the file of the database grow no more, as on a full disk."""
    writers = plane.registry.database
    with writers.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        with writers.write() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")


def test_a_full_disk_is_told_and_what_is_stored_can_be_read(
    sqlite_database: Database,  # noqa: F811
    tmp_path: Path,
) -> None:
    with plane_over(sqlite_database, tmp_path) as plane:
        plane.make()
        store = plane.get("stores/acme").json()
        made = 0
        with full(plane):
            for made in range(1000):
                body = {"name": f"shop-{made}", "country": "DE", "displayName": "x" * 80}
                answer = plane.post("stores", body)
                if answer.status_code != 202:
                    break
            assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
            assert answer.headers["content-type"] == "application/problem+json"
            for path in READS:
                assert plane.get(path).status_code == 200, path
            assert plane.get("stores/acme").json() == store
            assert plane.get(f"stores/shop-{made}").status_code == 404
            assert plane.get("/metrics").status_code == 200
            # Steps cannot be written down either, and are taken again later.
            with pytest.raises(StorageFullError):
                plane.settle()
        # Space was freed: what was refused goes through, what was accepted is finished.
        assert plane.post("stores", body).status_code == 202
        plane.settle()
        phases = {item["status"]["phase"] for item in plane.get("stores").json()["items"]}
        assert phases == {"Ready"}
        plane.check()


def test_a_database_that_is_gone_is_told(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with ExitStack() as stack:
        dropped = stack.enter_context(ExitStack())
        url = dropped.enter_context(postgres_server.database())
        database = stack.enter_context(closing(Database(url, patience=PATIENCE)))
        migrate(database)
        plane = stack.enter_context(plane_over(database, tmp_path))
        plane.make()
        dropped.close()
        for answer in (plane.get("stores"), plane.post("stores/acme/retire")):
            assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
        ready = plane.get("/readyz", token=None)
        assert ready.status_code == 503
        said = ready.json()
        assert said["ok"] is False
        assert said["checks"] == {"worker": True, "database": False, "storage": True}
        assert plane.get("/healthz", token=None).status_code == 200


def test_when_the_platform_is_full_the_caller_is_told_when_to_come_back(
    sqlite_database: Database,  # noqa: F811
    tmp_path: Path,
) -> None:
    limits = factories.limits(open_operations=1, stores_per_tenant=2)
    with plane_over(sqlite_database, tmp_path, limits) as plane:
        token = plane.tenant("ann@example.com")[1]

        def create(name: str) -> Any:
            return plane.post("stores", {"name": name, "country": "DE"}, token=token)

        assert create("one").status_code == 202
        busy = create("two")
        assert (busy.status_code, busy.json()["code"]) == (429, "at_capacity")
        assert busy.headers["retry-after"] == str(busy.json()["params"]["retry_after"])
        plane.settle()
        assert create("two").status_code == 202
        plane.settle()
        over = create("three")
        assert (over.status_code, over.json()["code"]) == (429, "quota_exceeded")
