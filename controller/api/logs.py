"""The route of a store's log."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Path, Query
from fastapi.responses import Response, StreamingResponse

from controller.api import routing
from controller.api.deps import ScopeDep, ServicesDep
from controller.api.described import SIGNED_IN
from controller.domain.errors.stacks import LogNotFoundError, LogUndividedError
from controller.reconciler.outcome import from_driver
from provisioners.base import DriverFailure, LogQuery

router = routing.router(tags=["stores"], responses=SIGNED_IN)

Name = Annotated[str, Path(max_length=100, description="Name or uid of the store.")]
_Chosen = Annotated[str | None, Query(max_length=253)]


def _log_query(
    tail: Annotated[int, Query(ge=0, le=10_000)] = 200,
    since: Annotated[int | None, Query(ge=1, le=31_536_000)] = None,
    part: _Chosen = None,
    pod: _Chosen = None,
    container: _Chosen = None,
    whole: bool = False,
) -> LogQuery:
    return LogQuery(tail=tail, since=since, part=part, pod=pod, container=container, whole=whole)


LogQueryDep = Annotated[LogQuery, Depends(_log_query)]


@router.get("/stores/{name}/logs")
def store_logs(
    services: ServicesDep,
    scope: ScopeDep,
    name: Name,
    query: LogQueryDep,
    follow: bool = False,
) -> Response:
    """The last lines that the shop printed; `follow` keeps sending new ones.

    On a cluster they are those of what is in trouble, or of what is chosen: `part` (such as
    database), `pod`, `container`, or `whole`. `since` takes seconds.
    """
    store = services.registry.stores.get(scope, name)
    stack = services.registry.stores.stack(store.stack)
    if stack is None:
        return Response("", media_type="text/plain")
    if stack.cluster is None and (query.since or (query.chosen and not query.whole)):
        raise LogUndividedError(store=store.spec.slug)
    driver = services.world.driver(stack)
    try:
        last = driver.logs(stack.uid, query)
    except DriverFailure as failure:
        if failure.code == "no_log":
            raise LogNotFoundError(names=failure.detail) from failure
        raise from_driver(failure) from failure

    def lines() -> Iterator[str]:
        yield from (line + "\n" for line in last)
        if follow:
            # The empty line of a quiet moment lets a caller that left be noticed.
            yield from (line + "\n" if line else "" for line in driver.follow(stack.uid, query))

    return StreamingResponse(lines(), media_type="text/plain; charset=utf-8")
