"""`storectl logs` and `events`."""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cli import durations
from cli.client import sse
from cli.labels import note as told
from cli.labels import printable
from cli.options import Name, Output
from cli.output import Format, console, document, line, note, result
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb
from controller.domain.errors.platform import ServerUnreachableError

if TYPE_CHECKING:
    from cli.client import Resource

app = new_app()

ATTEMPTS = 30
"""How often, a second apart, a broken stream is opened again before it is given up."""

Follow = Annotated[
    bool, typer.Option("-f", "--follow", help=_("Go on printing what comes; Ctrl-C ends it."))
]


@verb(
    app,
    "logs",
    text=_("Print what a store's parts wrote."),
    more=_(
        "On a cluster: of what is in trouble, with what it said before it was started again; "
        "where nothing is, of every container. Each line begins with its pod and container, and "
        "all are in the order of time."
    ),
    examples=(
        "storectl logs acme",
        "storectl logs acme -f --tail 20",
        "storectl logs acme --component database --since 15m",
    ),
)
def logs(
    session: Session,
    name: Name,
    *,
    component: Annotated[
        str | None,
        typer.Option(
            "--component",
            metavar="PART",
            help=_("Of one part: web, cron, database, cache, sessions, search, install, backup…"),
            show_default=False,
        ),
    ] = None,
    pod: Annotated[
        str | None, typer.Option("--pod", help=_("Of one pod."), show_default=False)
    ] = None,
    container: Annotated[
        str | None,
        typer.Option("--container", help=_("Of containers of this name."), show_default=False),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help=_("Of every part, even while one is in trouble."))
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DURATION",
            help=_("Nothing older, such as 15m or 2h."),
            show_default=False,
        ),
    ] = None,
    follow: Follow = False,
    tail: Annotated[int, typer.Option("--tail", min=1, max=10000, help=_("How many lines."))] = 200,
) -> None:
    """Print the log; on a terminal nothing in it can steer the terminal."""
    shown = printable if sys.stdout.isatty() else str
    query = {
        "tail": tail,
        "part": component,
        "pod": pod,
        "container": container,
        "whole": "true" if every else None,
        "since": None if since is None else durations.parse(since),
    }
    try:
        with session.client.logs(name, query, follow=follow) as lines:
            for raw in lines:
                sys.stdout.write(shown(raw.decode("utf-8", "replace")))
                sys.stdout.flush()
    except (http.client.HTTPException, ConnectionResetError, TimeoutError) as error:
        raise ServerUnreachableError(server=session.client.server) from error


@verb(
    app,
    "events",
    text=_("Show what happened."),
    more=_(
        "Without a name it shows the events of all stores. Of a store on a cluster the operator "
        "sees what the cluster noticed too; -f goes on with the platform's own. With -f -o json it "
        "prints JSON lines."
    ),
    examples=("storectl events acme", "storectl events -f", "storectl events acme -o json"),
)
def events(
    session: Session,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help=_("The store's name."), show_default=False),
    ] = None,
    *,
    follow: Follow = False,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=200, help=_("At most this many."))
    ] = 50,
    output: Output = Format.TABLE,
) -> None:
    """Print events, oldest first."""
    answer = session.client.events(name, limit=limit)
    found = answer["items"]
    if unasked := answer["metadata"].get("unasked"):
        note(
            _("What the cluster noticed is not among them: %(why)s")
            % {"why": told(unasked, "message")}
        )
    if output.machine and not follow:
        document(found, output)
        return
    printer = _Printer(output, with_store=name is None)
    for event in found:
        printer.show(event)
    if follow:
        own = [str(event["id"]) for event in found if event["id"] is not None]
        for event in _live(session, name, own[-1] if own else None):
            printer.show(event)
    elif not found:
        note(_("Nothing happened yet."))


class _Printer:
    """Prints one event after the other, each at once."""

    def __init__(self, output: Format, *, with_store: bool) -> None:
        self._output = output
        self._with_store = with_store
        self._console = None if output.machine else console(sys.stdout)

    def show(self, event: "Resource") -> None:
        """Print an event."""
        if self._output is Format.NAME:
            result(str(event["id"] or f"{event['thing']}/{event['reason']}"))
        elif self._console is None:
            line(event)
        else:
            from cli.tables import event as drawn  # noqa: PLC0415 -- programs do without Rich.

            self._console.print(drawn(event, with_store=self._with_store), soft_wrap=True)
        sys.stdout.flush()


def _live(session: Session, name: str | None, last: str | None) -> Iterator["Resource"]:
    """Yield new events for ever; a stream that breaks is continued after the last one seen."""
    failures = 0
    while True:
        try:
            with session.client.event_stream(name, last) as opened:
                for message in sse(opened):
                    failures, last = 0, message.id or last
                    yield json.loads(message.data)
        except (OSError, http.client.HTTPException, ServerUnreachableError) as error:
            failures += 1
            if failures > ATTEMPTS:
                raise ServerUnreachableError(server=session.client.server) from error
        time.sleep(1)
