"""Routes of operations, and the streams of operations and events."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from controller.api import routing
from controller.api.answers import accepted_answer, json_answer
from controller.api.deps import After, Limit, ScopeDep, ServicesDep
from controller.api.described import SIGNED_IN
from controller.api.happenings import merged_events_json
from controller.api.resources import dump, event_json, list_json, operation_json
from controller.api.shopcalls import ShopCallsDep
from controller.domain.operations import OPEN_STATES, OperationState
from controller.domain.tenant import Scope
from controller.registry.advancing import Accepted
from controller.services.services import Services

router = routing.router(responses=SIGNED_IN)

Id = Annotated[str, Path(max_length=40, description="Id of the operation.")]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=30)]


@router.get("/operations", tags=["operations"])
def list_operations(
    services: ServicesDep,
    scope: ScopeDep,
    limit: Limit = 50,
    after: After = None,
    store: Annotated[str | None, Query(max_length=100, description="Name or uid.")] = None,
    state: OperationState | None = None,
) -> Response:
    """List operations, newest first."""
    uid = services.registry.stores.get(scope, store).uid if store else None
    found = services.registry.operations.page(
        scope, limit=limit, before=after, store=uid, state=str(state) if state else None
    )
    following = found[-1].id if len(found) == limit else None
    return json_answer(list_json("Operation", (operation_json(item) for item in found), following))


@router.get("/operations/{operation_id}", tags=["operations"])
def get_operation(services: ServicesDep, scope: ScopeDep, operation_id: Id) -> Response:
    """One operation with its steps."""
    return json_answer(_resource(services, scope, operation_id))


@router.post("/operations/{operation_id}/retry", status_code=202, tags=["operations"])
def retry_operation(services: ServicesDep, scope: ScopeDep, operation_id: Id) -> Response:
    """Try a failed operation again from the step that failed."""
    operation = services.stores.retry(scope, operation_id)
    return accepted_answer(services, Accepted(operation=operation, new=True))


@router.get("/operations/{operation_id}/events", tags=["operations"])
async def follow_operation(
    services: ServicesDep,
    scope: ScopeDep,
    operation_id: Id,
) -> Response:
    """Follow an operation as server-sent events; the stream ends with its final state.

    Every event is the whole operation, so a stream that is taken up again has missed nothing.
    """
    await run_in_threadpool(services.registry.operations.get, scope, operation_id)
    start = await run_in_threadpool(services.registry.journal.newest)

    async def events() -> AsyncIterator[ServerSentEvent]:
        found = await run_in_threadpool(_resource, services, scope, operation_id)
        yield _operation_event(found, start)
        if _final(found):
            return
        async for event in services.event_stream.follow(scope, start, operation=operation_id):
            found = await run_in_threadpool(_resource, services, scope, operation_id)
            yield _operation_event(found, event.id)
            if _final(found):
                return

    return EventSourceResponse(events(), headers={"Cache-Control": "no-store"})


def _operation_event(resource: dict[str, Any], position: int) -> ServerSentEvent:
    return ServerSentEvent(dump(resource).decode(), event="operation", id=str(position))


def _final(resource: dict[str, Any]) -> bool:
    return resource["status"]["state"] not in OPEN_STATES


def _resource(services: Services, scope: Scope, operation_id: str) -> dict[str, Any]:
    operation = services.registry.operations.get(scope, operation_id)
    estimate = services.registry.operations.typical_seconds(operation.kind)
    return operation_json(operation, estimate)


@router.get("/events", tags=["events"])
async def all_events(
    request: Request,
    services: ServicesDep,
    scope: ScopeDep,
    limit: Limit = 100,
    last_event_id: LastEventId = None,
) -> Response:
    """What happened lately; as server-sent events with `Accept: text/event-stream`."""
    return await _events(request, services, scope, None, limit, last_event_id)


@router.get("/stores/{name}/events", tags=["stores"])
async def store_events(
    request: Request,
    services: ServicesDep,
    scope: ScopeDep,
    name: Annotated[str, Path(max_length=100)],
    calls: ShopCallsDep,
    limit: Limit = 100,
    place: Annotated[
        bool, Query(description="With what the place noticed where it runs; the operator's.")
    ] = False,
    last_event_id: LastEventId = None,
) -> Response:
    """What happened to a store; as server-sent events with `Accept: text/event-stream`."""
    store = await run_in_threadpool(services.registry.stores.get, scope, name)
    if place and scope.is_operator and not _streamed(request):
        noticed = await calls.run(store.uid, lambda: services.explainer.noticed(store))
        own = await run_in_threadpool(
            services.registry.journal.latest, scope, store=store.uid, limit=limit
        )
        return json_answer(merged_events_json(store, own, noticed, limit))
    return await _events(request, services, scope, store.uid, limit, last_event_id)


def _streamed(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("accept", "")


async def _events(
    request: Request,
    services: Services,
    scope: Scope,
    store: str | None,
    limit: int,
    last_event_id: str | None,
) -> Response:
    if not _streamed(request):
        found = await run_in_threadpool(
            services.registry.journal.latest, scope, store=store, limit=limit
        )
        return json_answer(list_json("Event", map(event_json, found), None))
    after = _position(last_event_id)

    async def events() -> AsyncIterator[ServerSentEvent]:
        async for event in services.event_stream.follow(scope, after, store=store):
            data = dump(event_json(event)).decode()
            yield ServerSentEvent(data, event="event", id=str(event.id))

    return EventSourceResponse(events(), headers={"Cache-Control": "no-store"})


def _position(text: str | None) -> int | None:
    """The id after which a stream goes on; None for one that we cannot have given."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    # Databases count to 2**63.
    return int(text) if len(text) <= 18 else None
