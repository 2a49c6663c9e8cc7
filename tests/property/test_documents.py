"""Whatever somebody says of a store: it is refused and nothing is written, or the shop comes up.

Documents are generated from what the engine can, so that nearly all are accepted; `spoiled` ones
are a step beside them. `make fuzz` tries thousands.
"""

import json
from typing import Any

import pytest
from hypothesis import event
from hypothesis import strategies as st
from sqlmodel import SQLModel

from tests.property.conftest import SandboxPlane, tried
from tests.property.documents import NAMES, anything, sound, spoiled

UNTOLD = {"tokens", "leases", "idempotency"}


def written(plane: SandboxPlane) -> dict[str, list[Any]]:
    """Every row that a refusal must leave as it was."""
    with plane.registry.database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select()).all()))
            for table in SQLModel.metadata.sorted_tables
            if table.name not in UNTOLD
        }


def ready(plane: SandboxPlane, name: str) -> dict[str, Any]:
    """A store that must have come up; what is the matter otherwise."""
    plane.settle()
    store: dict[str, Any] = plane.get(f"stores/{name}").json()
    latest = plane.get(f"operations/{store['metadata']['operation']}").json()["status"]
    assert store["status"]["phase"] == "Ready", (latest["error"], store["status"]["conditions"])
    assert latest["state"] == "succeeded", latest
    return store


def accepted(plane: SandboxPlane, answer: Any, before: dict[str, list[Any]]) -> bool:
    """Whether an order was taken; a refusal names a field or a clash and wrote nothing."""
    if answer.status_code in {200, 202}:
        return True
    assert answer.status_code in {409, 422}, answer.text
    problem = answer.json()
    assert problem["code"] != "internal"
    assert problem["detail"]
    assert problem["action"]
    assert written(plane) == before
    return False


def export(store: dict[str, Any]) -> dict[str, Any]:
    """What `get -o yaml` prints is a document again."""
    return {**store["spec"], "labels": store["metadata"]["labels"]}


@pytest.fixture
def plane(sandbox_plane: SandboxPlane) -> SandboxPlane:
    return sandbox_plane


# In parts, each of which ends within a minute or so.
@pytest.mark.parametrize("part", range(4))
def test_a_document_is_refused_or_its_shop_comes_up(plane: SandboxPlane, part: int) -> None:
    def one(documents: list[dict[str, Any]]) -> None:
        plane.reset()
        for said in documents:
            before = written(plane)
            answer = plane.request("PUT", "stores/acme", json=said)
            if not accepted(plane, answer, before):
                event(f"refused: {answer.json()['code']}")
                continue
            event("accepted")
            store = ready(plane, "acme")
            again = plane.request("PUT", "stores/acme?dryRun=true", json=export(store))
            assert again.status_code == 200, again.text
            assert again.json()["changes"] == []
            assert plane.request("PUT", "stores/acme", json=export(store)).status_code == 200

    tried(part, 40, one, st.lists(sound() | spoiled(), min_size=1, max_size=2))


@pytest.mark.parametrize("part", range(2))
def test_no_two_stores_are_called_alike(plane: SandboxPlane, part: int) -> None:
    def some(documents: list[dict[str, Any]]) -> None:
        plane.reset()
        for name, said in zip(NAMES, documents, strict=False):
            before = written(plane)
            accepted(plane, plane.post("stores", {"name": name, **said}), before)
        plane.settle()
        stores = plane.get("stores").json()["items"]
        # What a machine's own names are told apart by, the port, all shops share here.
        public = (url for store in stores for url in addresses(store) if ".localhost" not in url)
        hosts = [url.partition("://")[2] for url in public]
        assert len(set(hosts)) == len(hosts)
        for store in stores:
            ready(plane, store["metadata"]["name"])

    tried(part, 20, some, st.lists(sound(), min_size=2, max_size=3))


def test_any_json_is_a_document_or_refused(plane: SandboxPlane) -> None:
    plane.reset()

    def one(said: Any) -> None:
        before = written(plane)
        content = json.dumps(said).encode("utf-8", "surrogatepass")
        headers = {"Content-Type": "application/json"}
        for method in ("PUT", "PATCH"):
            answer = plane.request(method, "stores/acme", content=content, headers=headers)
            assert 400 <= answer.status_code < 500, answer.text
            assert answer.json()["code"] != "internal"
        assert written(plane) == before

    tried(0, 300, one, anything())


def addresses(store: dict[str, Any]) -> list[str]:
    """Where the websites of a store are reached."""
    status = store["status"]
    return [status["url"], *status["siteUrls"].values()] if status["url"] else []
