"""Which methods an address takes, for OPTIONS and for the 405 of all others."""

from starlette.applications import Starlette
from starlette.routing import Match, Mount
from starlette.types import Scope

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


def allowed(scope: Scope) -> list[str]:
    """The methods that an address takes, none when there is nothing; `*` is the server itself."""
    if scope["path"] == "*":
        return list(METHODS)
    app: Starlette = scope["app"]
    found = {method for method in METHODS if _takes(app, {**scope, "method": method})}
    if found:
        found |= {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return [method for method in METHODS if method in found]


def _takes(app: Starlette, scope: Scope) -> bool:
    # What is mounted is files, which are only read.
    routes = (
        item for item in app.routes if not isinstance(item, Mount) or scope["method"] == "GET"
    )
    return any(route.matches(scope)[0] is Match.FULL for route in routes)
