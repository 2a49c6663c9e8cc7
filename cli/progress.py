"""Progress of an operation on stderr: live on a terminal, one line a step elsewhere."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from cli import durations, labels, output
from cli.client import Resource
from cli.texts import _
from controller.domain.labels import KINDS
from controller.domain.operations import OperationKind

if TYPE_CHECKING:
    from rich.table import Table

SIGNS = {"done": "✓", "failed": "✗", "running": "•", "pending": "·"}
PLAIN_SIGNS = {"done": "ok", "failed": "failed", "running": "...", "pending": "-"}
STYLES = {"done": "green", "failed": "bold red", "running": "bold", "pending": "dim"}


class Progress(Protocol):
    """A display that is open while an operation is followed."""

    def __enter__(self) -> Self:
        """Open it."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""

    def __call__(self, operation: Resource) -> None:
        """Show the operation as it is now."""


def heading(operation: Resource) -> str:
    """Return what the operation does to which store."""
    spec = operation["spec"]
    try:
        doing = KINDS[OperationKind(spec["operation"])].doing
    except ValueError:
        # A newer control plane may know more.
        return f"{spec['operation']} {spec['store']}"
    return _(doing) % {"store": labels.printable(spec["store"])}


def sign(state: str) -> str:
    """Return the sign of a step's state that stderr can show."""
    encoding = (sys.stderr.encoding or "ascii").lower().replace("-", "")
    return (SIGNS if encoding.startswith("utf") else PLAIN_SIGNS).get(state, state)


class Lines:
    """A line for every step that ended; nothing is ever taken back, so a log can hold it.

    A step that was not needed is not told of: it would come last, out of its order.
    """

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, str]] = {}
        self._headed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stderr.flush()

    def __call__(self, operation: Resource) -> None:
        """Print what is new."""
        if not self._headed:
            self._headed = True
            output.note(f"{heading(operation)} ({operation['metadata']['id']})")
        for step in operation["status"]["steps"]:
            detail = labels.note(step, "detail")
            running = step["state"] == "running"
            # A step that is at work speaks only when it says what it waits for.
            now = (step["state"], detail if running else "")
            ended = step["state"] != "pending" and step["reason"] != "AsWanted"
            speaks = bool(detail) if running else ended
            if speaks and self._told.get(step["name"]) != now:
                self._told[step["name"]] = now
                output.note(_line(step, detail))
        sys.stderr.flush()


def _line(step: Resource, detail: str) -> str:
    text = f"  {sign(step['state'])} {labels.step_title(step)}"
    if step["state"] != "running":
        seconds = durations.between(step["startedAt"], step["finishedAt"])
        text += f" ({durations.measured(seconds)})" if seconds is not None else ""
    return f"{text}: {detail}" if detail else text


class LiveSteps:
    """All steps with their states and times, redrawn in place."""

    def __init__(self) -> None:
        from rich.live import Live  # noqa: PLC0415 -- only a terminal pays for it.
        from rich.spinner import Spinner  # noqa: PLC0415 -- as above.

        self._operation: Resource | None = None
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(
            console=output.console(sys.stderr),
            refresh_per_second=10,
            get_renderable=self._render,
            vertical_overflow="visible",
            # Rich would put its own object in the place of stderr, which knows no encoding.
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, operation: Resource) -> None:
        """Show the operation from now on."""
        self._operation = operation
        self._live.refresh()

    def _render(self) -> "Table":
        from rich.table import Table  # noqa: PLC0415 -- as above.
        from rich.text import Text  # noqa: PLC0415 -- as above.

        outer = Table.grid()
        if self._operation is None:
            return outer
        status = self._operation["status"]
        outer.add_row(
            Text.assemble((heading(self._operation), "bold"), (_remaining(status), "dim"))
        )
        grid = Table.grid(padding=(0, 1))
        for step in status["steps"]:
            state = step["state"]
            style = STYLES.get(state, "")
            seconds = durations.between(step["startedAt"], step["finishedAt"])
            grid.add_row(
                "",
                self._spinner if state == "running" else Text(sign(state), style),
                Text(labels.step_title(step), "" if state == "done" else style),
                Text(durations.measured(seconds) if seconds is not None else "", "dim"),
                Text(labels.note(step, "detail"), "dim"),
            )
        outer.add_row(grid)
        return outer


def _remaining(status: Resource) -> str:
    estimate, spent = status.get("estimateSeconds"), durations.between(status["startedAt"], None)
    if not estimate or spent is None or status["finishedAt"] or spent >= estimate:
        return ""
    left = durations.humanise(max(1, round(estimate - spent)))
    return "  " + _("about %(duration)s left") % {"duration": left}


def progress() -> Progress:
    """Return the display that fits stderr."""
    return LiveSteps() if sys.stderr.isatty() else Lines()
