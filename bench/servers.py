"""The two servers that `bench.api` compares: ours, and a bare one with the same SQL."""

import sys
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Response
from sqlalchemy import insert, select

from controller.bootstrap import wiring
from controller.commerce.drafts import Draft, specify
from controller.domain.conditions import Phase
from controller.domain.store import StoreStatus, spec_to_json
from controller.domain.tenant import Scope
from controller.engines.abilities import abilities_of
from controller.jobs.wakeup import silent
from controller.registry.migrate import migrate
from controller.registry.rows import dump, status_columns
from controller.registry.session import Database, utcnow
from controller.registry.stores import RESOURCE_COLUMNS, named
from controller.registry.tables import StackRow, StoreRow, table
from controller.settings import Settings

STORES = 10_000


def _settings(home: Path) -> Settings:
    return Settings(home=home, database_url="", redis_url="", demo=False)


def seed(home: Path) -> str:
    """Fill a registry with stores that are never due; return an operator's token."""
    settings = _settings(home)
    database = Database(settings.effective_database_url)
    migrate(database)
    registry = wiring.build_registry(settings, wiring.build_keyring(settings))
    now = utcnow()
    tenants = [
        registry.tenants.ensure(
            Scope.system(), owner=f"o{number}@example.com", name="T", country="DE", language="de"
        )
        for number in range(20)
    ]
    spec = dump(
        spec_to_json(
            specify(Draft(name="shop-00000", country="DE"), {"sandbox": abilities_of("magento")})
        )
    )
    status = status_columns(StoreStatus(phase=Phase.READY, ready=True, url="http://127.0.0.1:1"))
    common = {"generation": 1, "failures": 0, "waited_on": False, "due_at": None}
    common |= {"created_at": now, "updated_at": now}
    stacks = [
        {
            "uid": f"stack{number:05d}",
            "tenant_uid": tenants[number % 20].uid,
            "engine": "sandbox",
            "version": "1",
            "driver": "process",
            "desired": "running",
            "observed_generation": 1,
            "conditions": "[]",
            **common,
        }
        for number in range(STORES)
    ]
    stores = [
        {
            "uid": f"store{number:05d}",
            "tenant_uid": tenants[number % 20].uid,
            "owner": tenants[number % 20].owner,
            "slug": f"shop-{number:05d}",
            "reserved_slug": f"shop-{number:05d}",
            "stack_uid": f"stack{number:05d}",
            "desired": "active",
            "labels": "{}",
            "spec": spec,
            **status,
            **common,
        }
        for number in range(STORES)
    ]
    with database.write() as connection:
        connection.execute(insert(table(StackRow)), stacks)
        connection.execute(insert(table(StoreRow)), stores)
    _, text = registry.tokens.issue(name="bench", tenant=None)
    return text


def ours(home: Path) -> FastAPI:
    """The application as it is served, without a worker."""
    settings = _settings(home)
    keyring = wiring.build_keyring(settings)
    registry = wiring.build_registry(settings, keyring)
    world = wiring.build_world(settings, keyring, registry)
    services = wiring.build_services(settings, registry, world, silent, lambda: True)
    return wiring.build_app(services)


def bare(home: Path) -> FastAPI:
    """Two handlers with the same statements and the same encoder, and nothing else."""
    database = Database(_settings(home).effective_database_url)
    app = FastAPI()
    stores = table(StoreRow)

    @app.get("/api/v1/stores")
    def page(limit: int = 50, after: str | None = None) -> Response:
        query = (
            select(*RESOURCE_COLUMNS)
            .where(stores.c.reserved_slug.is_not(None), stores.c.reserved_slug > after)
            .order_by(stores.c.reserved_slug)
            .limit(limit)
        )
        with database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return _answer([dict(row) for row in rows])

    @app.get("/api/v1/stores/{name}")
    def one(name: str) -> Response:
        query = select(*RESOURCE_COLUMNS).where(named(name))
        with database.read() as connection:
            row = connection.execute(query).mappings().first()
        return _answer(dict(row) if row else None)

    return app


def _answer(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


if __name__ == "__main__":
    kind, directory, port = sys.argv[1:]
    application = ours(Path(directory)) if kind == "ours" else bare(Path(directory))
    uvicorn.run(application, host="127.0.0.1", port=int(port), log_config=None, access_log=False)
