"""Server-sent events: nothing lost, nothing twice, and an end where there is one."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from controller.domain.notes import Note
from controller.domain.tenant import Scope
from controller.registry.journal import About, tell
from controller.registry.session import Database
from tests.databases import (  # noqa: F401 -- fixtures.
    database,
    migrated_postgres,
    migrated_sqlite,
    sqlite_database,
    sqlite_template,
)
from tests.planes import Plane, plane_over

SSE = {"accept": "text/event-stream"}


@pytest.fixture
def plane(database: Database, tmp_path: Path) -> Iterator[Plane]:  # noqa: F811
    with plane_over(database, tmp_path) as found:
        yield found


def accepted(plane: Plane, name: str = "acme", **options: Any) -> str:
    """The id of a creation that nobody has begun."""
    body = {"name": name, "country": "DE"}
    return str(plane.post("stores", body, **options).json()["metadata"]["id"])


async def take(events: Any, count: int) -> list[dict[str, str]]:
    return [await anext(events) for _ in range(count)]


def test_an_operation_is_followed_to_its_final_state(plane: Plane) -> None:
    uid = accepted(plane)

    async def follow() -> list[dict[str, str]]:
        async with plane.stream(f"/api/v1/operations/{uid}/events", SSE) as stream:
            assert stream.status == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            events = stream.events()
            seen = await take(events, 1)
            settling = asyncio.create_task(asyncio.to_thread(plane.settle))
            seen += [event async for event in events]
            await settling
            return seen

    seen = plane.run(follow())
    assert {event["event"] for event in seen} == {"operation"}
    states = [json.loads(event["data"])["status"]["state"] for event in seen]
    assert states[0] == "pending"
    assert states[-1] == "succeeded"
    assert "succeeded" not in states[:-1]
    final = plane.get(f"operations/{uid}").json()
    assert json.loads(seen[-1]["data"])["status"]["steps"] == final["status"]["steps"]


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "superseded"])
def test_an_operation_that_has_ended_is_told_once(plane: Plane, outcome: str) -> None:
    plane.engine.refuses = "no" if outcome == "failed" else None
    uid = accepted(plane)
    if outcome == "superseded":
        plane.post("stores/acme/retire")
    plane.settle()

    async def follow() -> list[dict[str, str]]:
        async with plane.stream(f"/api/v1/operations/{uid}/events", SSE) as stream:
            return [event async for event in stream.events()]

    (event,) = plane.run(follow())
    assert json.loads(event["data"])["status"]["state"] == outcome


def test_a_stream_of_what_is_not_there_is_a_problem(plane: Plane) -> None:
    token = plane.tenant("bob@example.com")[1]
    uid = accepted(plane)

    async def ask(path: str, token: str) -> tuple[int, str]:
        async with plane.stream(path, SSE, token) as stream:
            return stream.status, stream.headers["content-type"]

    for path in (f"/api/v1/operations/{uid}/events", "/api/v1/stores/acme/events"):
        assert plane.run(ask(path, token)) == (404, "application/problem+json")
        assert plane.run(ask(path, "wrong")) == (401, "application/problem+json")


WRITERS, EACH = 3, 20


def write(plane: Plane, uid: str, writer: int) -> None:
    """Events of a store, and of another one between them, as workers write them."""
    other = plane.registry.stores.get(Scope.system(), "other")
    found = plane.registry.stores.get(Scope.system(), uid)
    for number in range(EACH):
        for store in (found, other):
            with plane.registry.database.write() as connection:
                plane.registry.database.in_order(connection)
                note = Note.of("Drifted", fields=f"{writer}/{number}")
                tell(connection, About.of(store, None), note)


@pytest.mark.parametrize("path", ["/api/v1/stores/acme/events", "/api/v1/events"])
def test_a_stream_that_breaks_again_and_again_loses_and_repeats_nothing(
    plane: Plane, path: str
) -> None:
    owner, token = plane.tenant("ann@example.com")
    accepted(plane, token=token)
    accepted(plane, "other")
    start = str(plane.registry.journal.newest())

    async def follow() -> list[dict[str, str]]:
        seen: list[dict[str, str]] = []
        last = start
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(write, plane, "acme", number) for number in range(WRITERS)]
            while len(seen) < WRITERS * EACH:
                # The connection breaks after a few events, in the middle of the writing.
                async with plane.stream(path, {**SSE, "last-event-id": last}, token) as stream:
                    events = stream.events()
                    seen += await take(events, min(7, WRITERS * EACH - len(seen)))
                    last = seen[-1]["id"]
            for future in writing:
                await asyncio.wrap_future(future)
        return seen

    seen = plane.run(follow())
    ids = [int(event["id"]) for event in seen]
    assert ids == sorted(set(ids))
    told = [json.loads(event["data"]) for event in seen]
    assert {event["store"] for event in told} == {"acme"}
    assert sorted(event["params"]["fields"] for event in told) == sorted(
        f"{writer}/{number}" for writer in range(WRITERS) for number in range(EACH)
    )
    assert [event["id"] for event in told] == ids
    assert plane.registry.journal.after(Scope(tenant=owner.uid, actor="x"), ids[-1]) == []


def test_many_listeners_hear_the_same(plane: Plane) -> None:
    accepted(plane)
    start = {**SSE, "last-event-id": "0"}

    async def listen() -> list[str]:
        async with plane.stream("/api/v1/events", start) as stream:
            ids = []
            async for event in stream.events():
                ids.append(event["id"])
                if json.loads(event["data"])["reason"] == "OperationSucceeded":
                    break
            return ids

    async def all_of_them() -> list[list[str]]:
        listeners = [asyncio.create_task(listen()) for _ in range(5)]
        settling = asyncio.create_task(asyncio.to_thread(plane.settle))
        heard = [await listener for listener in listeners]
        await settling
        return heard

    heard = plane.run(all_of_them())
    assert len(heard[0]) > 10
    assert all(ids == heard[0] for ids in heard)


@pytest.mark.parametrize("last", ["x", "-1", "9" * 30, "9" * 18, "1e3", ""])
def test_a_position_that_we_never_gave_breaks_nothing(plane: Plane, last: str) -> None:
    accepted(plane)

    async def follow() -> int:
        headers = {**SSE, "last-event-id": last}
        async with plane.stream("/api/v1/stores/acme/events", headers) as stream:
            return stream.status

    assert plane.run(follow()) == 200


def test_a_stream_without_a_position_starts_with_what_comes(plane: Plane) -> None:
    accepted(plane)

    async def follow() -> dict[str, str]:
        async with plane.stream("/api/v1/events", SSE) as stream:
            events = stream.events()
            first = asyncio.create_task(anext(events))
            # The stream listens once it has asked where the journal ends.
            for number in range(1000):
                if first.done():
                    break
                await asyncio.to_thread(write_one, plane, number)
            return await asyncio.wait_for(first, 30)

    told = json.loads(plane.run(follow())["data"])
    assert told["reason"] == "Drifted"


def write_one(plane: Plane, number: int) -> None:
    store = plane.registry.stores.get(Scope.system(), "acme")
    with plane.registry.database.write() as connection:
        plane.registry.database.in_order(connection)
        tell(connection, About.of(store, None), Note.of("Drifted", fields=str(number)))


def test_the_log_is_followed_line_by_line(plane: Plane) -> None:
    plane.make()

    async def follow() -> str:
        path = "/api/v1/stores/acme/logs?tail=1&follow=true"
        async with plane.stream(path) as stream:
            text = ""
            async for block in stream.blocks():
                text += block.decode()
                if text.count("\n") == 1:
                    held = plane.driver.held[next(iter(plane.driver.held))]
                    held.log.append("a new line")
                if "a new line" in text:
                    return text
        raise AssertionError("the stream ended")

    lines = plane.run(follow()).splitlines()
    assert lines[0].startswith("started ")
    assert lines[1] == "a new line"
