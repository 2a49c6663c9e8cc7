"""A canary in every secret: none of them is ever seen where it does not belong."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlmodel import SQLModel

from controller import logging
from controller.domain.errors.base import StoreControllerError
from controller.domain.tenant import Scope
from controller.registry import access
from controller.registry.mails import Letter
from tests import factories
from tests.databases import (  # noqa: F401 -- fixtures.
    database,
    migrated_postgres,
    migrated_sqlite,
    sqlite_database,
    sqlite_template,
)
from tests.planes import OPERATOR, Plane, plane_over

CODE = 424_242
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?|\b\d{10}\.\d+")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Give everything that is logged, from DEBUG on."""
    text = io.StringIO()
    monkeypatch.setattr("sys.stderr", text)
    # The logger keeps what it was bound to first, which may be another test's.
    vars(logging.log).pop("bind", None)
    logging.configure("DEBUG", json=True)
    yield text
    vars(logging.log).pop("bind", None)
    structlog.reset_defaults()


def rows(plane: Plane) -> str:
    """Everything that the registry holds, but for the mails, whose very content the code is."""
    held: list[str] = []
    with plane.registry.database.read() as connection:
        for table in SQLModel.metadata.sorted_tables:
            if table.name != "mails":
                held += [str(tuple(row)) for row in connection.execute(table.select())]
    return "\n".join(held)


def test_no_secret_is_seen_where_it_does_not_belong(
    database: Any,  # noqa: F811
    tmp_path: Any,
    told: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The source of randomness, so that the code is one that nothing else can look like.
    monkeypatch.setattr(access.secrets, "randbelow", lambda _: CODE)
    answers: list[str] = []
    with plane_over(database, tmp_path) as plane:

        def ask(method: str, path: str, body: Any = None, token: str = OPERATOR) -> Any:
            answer = plane.request(method, path, json=body, token=token)
            answers.append(f"{answer.headers}\n{answer.text}")
            return answer

        registry = plane.registry

        def letter(code: str) -> Letter:
            return Letter(recipient="ann@example.com", language="en", subject="Code", body=code)

        registry.codes.send("ann@example.com", "203.0.113.7", letter)
        with pytest.raises(StoreControllerError):
            registry.codes.check("ann@example.com", "000000")
        registry.codes.check("ann@example.com", f"{CODE:06d}")
        made = ask("POST", "tokens", {"displayName": "pipeline"}).json()["token"]
        answers.clear()

        plane.engine.refuses = "no"
        created = ask("POST", "stores", {"name": "acme", "country": "DE"}, made).json()
        plane.settle()
        plane.engine.refuses = None
        ask("POST", f"operations/{created['metadata']['id']}/retry")
        plane.settle()
        ask("PATCH", "stores/acme", {"displayName": "New"})
        plane.settle()
        for path in (
            "stores",
            "stores/acme",
            "stores/acme/logs",
            "stores/acme/events",
            "operations",
            f"operations/{created['metadata']['id']}",
            "events",
            "tenants",
            "tokens",
            "fleet",
            f"audit?subject=store:{created['spec']['storeUid']}",
            "nothing",
            "/metrics",
            "/healthz",
            "/readyz",
            "/api/v1/openapi.json",
        ):
            ask("GET", path)
        ask("GET", "stores", token=OPERATOR + "x")
        plane.driver.fail("stop", RuntimeError("the tool broke"))
        ask("POST", "stores/acme/retire")
        plane.settle()

        store = registry.stores.get(Scope.system(), created["spec"]["storeUid"])
        stack = registry.stores.stack(store.stack)
        assert stack is not None
        held = plane.driver.held[stack.uid].secrets
        assert held == plane.world.secrets(stack)
        secrets = {
            "the operator's token": OPERATOR,
            "a token": made,
            "the code": f"{CODE:06d}",
            "the master key": factories.MASTER_KEY.decode(),
            **{f"the stack's {name}": value for name, value in held.items()},
        }
        places = {
            "an answer": "\n".join(answers),
            "the registry": rows(plane),
            "the log": told.getvalue(),
            "a representation": f"{plane.world} {plane.registry.codes} {factories.KEYRING}",
        }
    assert "step_broke" in places["the log"]
    assert "acme" in places["the registry"]
    for place, text in places.items():
        plain = MOMENT.sub("", text)
        for name, secret in secrets.items():
            assert secret not in plain, f"{name} is in {place}"
