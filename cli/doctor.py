"""The checks of `storectl doctor`: each a line that says what is so and how to mend it."""

import importlib.metadata
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from cli import config
from cli.errors import ApiRefusal
from cli.labels import printable
from cli.texts import N_, _
from controller.domain.clusterfindings import said
from controller.domain.errors.platform import ServerUnreachableError
from controller.i18n import CATALOGUES, DOMAIN, LANGUAGES

if TYPE_CHECKING:
    from cli.client import Client
    from cli.session import Session

State = Literal["ok", "warn", "fail"]
PYTHON = (3, 11)
LOW_DISK = 1_000_000_000
NO_DISK = 50_000_000
"""Bytes below which a store's database can hardly be written."""


PARTS = {"worker": N_("Worker"), "database": N_("Database")}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at; `action` is how to get it, empty when it is there."""

    name: str
    title: str
    state: State
    detail: str
    action: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        return asdict(self)


def checks(session: "Session") -> Iterator[Check]:
    """Yield every check, what the others rest on first."""
    yield _python()
    yield _catalogues()
    yield from _home(session)
    yield from _server(session)


def own_version() -> str:
    """Return the version of the installed package."""
    return importlib.metadata.version("store-controller")


def server_version(client: "Client") -> str:
    """Return the version that the server's API describes itself with."""
    return str(client.openapi()["info"]["version"])


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info >= PYTHON
    return Check(
        name="python",
        title=_("Python"),
        state="ok" if good else "fail",
        detail=found,
        action="" if good else _("Install Python 3.11 or newer, then run “make up” again."),
    )


def _catalogues() -> Check:
    missing = [
        lang
        for lang in LANGUAGES[1:]
        if not (CATALOGUES / lang / "LC_MESSAGES" / f"{DOMAIN}.mo").exists()
    ]
    detail = ", ".join(missing or LANGUAGES)
    if missing:
        detail = _("not compiled: %(languages)s") % {"languages": detail}
    return Check(
        name="catalogues",
        title=_("Languages"),
        state="warn" if missing else "ok",
        detail=detail,
        action=_("Run “make i18n” in the checkout.") if missing else "",
    )


def _home(session: "Session") -> Iterator[Check]:
    home = session.connection.home or config.home_candidates(os.environ, Path.cwd())[0]
    # A home that is not there yet is made where its nearest existing parent is.
    place = next(path for path in (home.absolute(), *home.absolute().parents) if path.exists())
    writable = os.access(place, os.W_OK) and place.is_dir()
    yield Check(
        name="home",
        title=_("Data directory"),
        state="ok" if writable else "fail",
        detail=str(home) if writable else _("%(home)s cannot be written") % {"home": home},
        action=""
        if writable
        else _("Change its owner, or choose another: STORECTL_HOME=DIR make up"),
    )
    free = shutil.disk_usage(place).free
    state: State = "fail" if free < NO_DISK else "warn" if free < LOW_DISK else "ok"
    yield Check(
        name="disk",
        title=_("Free disk"),
        state=state,
        detail=_("%(size)s GB free") % {"size": f"{free / 1e9:.1f}"},
        action=""
        if state == "ok"
        else _("Free some space, or choose another disk with STORECTL_HOME."),
    )


def _server(session: "Session") -> Iterator[Check]:
    server = session.connection.server
    try:
        readiness = session.client.readiness()
    except ServerUnreachableError:
        yield _no_server(server)
        yield from _port(server)
        return
    except ApiRefusal as refusal:
        # Not ready is an answer too: it names the part that is not.
        parts = refusal.problem.get("checks") or {}
    else:
        parts = readiness.get("checks") or {}
    yield from _version(session, server)
    for name, part in parts.items():
        yield _part(name, part)
    yield _token(session)
    yield from _unknown(session)
    yield from _clusters(session)
    yield from _plain_http(session)


def _no_server(server: str) -> Check:
    return Check(
        name="server",
        title=_("Server"),
        state="fail",
        detail=_("No control plane answers at %(server)s.") % {"server": server},
        action=_("Start one with “make up”, or set STORECTL_SERVER."),
    )


def _version(session: "Session", server: str) -> Iterator[Check]:
    try:
        found = server_version(session.client)
    except (ServerUnreachableError, ApiRefusal, KeyError):
        yield _no_server(server)
        return
    yield Check(
        name="server",
        title=_("Server"),
        state="ok",
        detail=_("version %(version)s at %(server)s") % {"version": found, "server": server},
    )


def _part(name: str, works: bool) -> Check:
    title = PARTS.get(name)
    return Check(
        name=f"ready:{name}",
        title=_(title) if title else name,
        state="ok" if works else "fail",
        detail=_("works") if works else _("does not work"),
        action="" if works else _("The control plane's own output says why."),
    )


def _token(session: "Session") -> Check:
    try:
        next(session.client.stores(limit=1), None)
    except (ApiRefusal, ServerUnreachableError):
        given = session.connection.token is not None
        return Check(
            name="token",
            title=_("Token"),
            state="fail",
            detail=_("The server does not accept it.") if given else _("There is none."),
            action=_("Set STORECTL_TOKEN, or STORECTL_HOME to the data directory of “make up”."),
        )
    return Check(name="token", title=_("Token"), state="ok", detail=_("accepted"))


def _unknown(session: "Session") -> Iterator[Check]:
    """Name what the platform holds and its registry does not know; a tenant's token is not told."""
    try:
        unknown = session.client.fleet()["unknown"]
    except (ApiRefusal, ServerUnreachableError):
        return
    if unknown:
        names = ", ".join(f"{item['driver']}/{item['name']}" for item in unknown)
        yield Check(
            name="unknown",
            title=_("Unknown things"),
            state="warn",
            detail=names,
            action=_("They are left alone. Remove them by hand when nobody misses them."),
        )


def _clusters(session: "Session") -> Iterator[Check]:
    """Say of each cluster whether it answers and can run shops, as was seen within a minute."""
    try:
        found = list(session.client.clusters())
    except (ApiRefusal, ServerUnreachableError):
        # The operator's alone.
        return
    for cluster in found:
        name, status = cluster["metadata"]["name"], cluster["status"]
        title = _("Cluster %(cluster)s") % {"cluster": printable(name)}
        if status["unreachableSince"]:
            yield Check(
                name=f"cluster:{name}",
                title=title,
                state="fail",
                detail=_("It does not answer: %(detail)s")
                % {"detail": printable(status["unreachableDetail"])},
                action=_(
                    "Start it, or renew the way in: storectl cluster set NAME --kubeconfig FILE."
                ),
            )
            continue
        items = status.get("findings") or ()
        if not items:
            version = {"version": printable(status["version"])}
            detail = _(
                "Kubernetes %(version)s; nodes, rights, storage and the way in are as needed"
            )
            yield Check(name=f"cluster:{name}", title=title, state="ok", detail=detail % version)
        for item in sorted(items, key=lambda item: not item["blocks"]):
            cause, action = said(item, _)
            yield Check(
                name=f"cluster:{name}:{item['code']}",
                title=title,
                state="fail" if item["blocks"] else "warn",
                detail=printable(cause),
                action=printable(action),
            )


def _plain_http(session: "Session") -> Iterator[Check]:
    address = urlsplit(session.connection.server)
    local = (address.hostname or "") in {"localhost", "::1"} or (address.hostname or "").startswith(
        "127."
    )
    if address.scheme == "http" and not local and session.connection.token:
        yield Check(
            name="transport",
            title=_("Transport"),
            state="warn",
            detail=_("The token travels over the network unencrypted."),
            action=_("Use the https address of the server."),
        )


def _port(server: str) -> Iterator[Check]:
    """Say whether a control plane could listen at a local address where none does."""
    address = urlsplit(server)
    port = address.port or (443 if address.scheme == "https" else 80)
    if address.hostname not in {"127.0.0.1", "localhost"}:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            free = False
        else:
            free = True
    detail = (
        _("Port %(port)s is free.") if free else _("Port %(port)s is in use by another program.")
    )
    yield Check(
        name="port",
        title=_("Port"),
        state="ok" if free else "fail",
        detail=detail % {"port": port},
        action=""
        if free
        else _("Stop that program, or choose another port: STORECTL_PORT=8081 make up"),
    )
