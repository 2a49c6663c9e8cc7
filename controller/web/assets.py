"""Style sheet, scripts and pictures, at addresses that change with their content.

Templates ask `asset` for an address; whoever has it need never ask again.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from controller.settings import ROOT

FILES: Final = ROOT / "templates/web/static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@cache
def _stamps() -> dict[str, str]:
    """What each file's content is known by."""
    return {path.name: _stamp(path) for path in FILES.iterdir()}


def _stamp(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def asset(name: str) -> str:
    """The address of a file."""
    return f"/static/{_stamps()[name]}/{name}"


class Assets(StaticFiles):
    """The files below /static: kept for a year at the addresses that name their content.

    Another release's address gets today's file, as the plain one does; browsers ask about it
    before they use it again.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or 304 when the browser has it."""
        stamp, _, name = path.rpartition("/")
        response = await super().get_response(name if len(stamp) == 16 else path, scope)
        exact = stamp and _stamps().get(name) == stamp
        response.headers["Cache-Control"] = _FOR_EVER if exact else "no-cache"
        return response
