"""What happens after the API accepted something: follow it, then judge how it ended."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from cli import durations, labels, output
from cli.errors import (
    InterruptedWaitError,
    OperationFailedError,
    OperationSupersededError,
    WaitTimedOutError,
)
from cli.output import Format
from cli.progress import progress
from cli.session import Session
from cli.texts import _, untranslated
from cli.wait import DeadlineError, Follower, unmet
from controller.domain.labels import CONDITIONS

if TYPE_CHECKING:
    from cli.client import Resource
    from cli.transport import Reply


def accept(
    session: Session,
    reply: "Reply",
    *,
    wait: bool,
    timeout: str,
    done: Callable[["Resource"], None],
) -> None:
    """Follow the operation of an answer and call `done` with its end, or print its id at once."""
    seconds = durations.parse(timeout)
    operation = reply.body
    warn(operation)
    if not wait:
        hand_over(session, operation)
        return
    if reply.status == 200:
        store = labels.printable(operation["spec"]["store"])
        output.note(_("Nothing to do: “%(store)s” is so already.") % {"store": store})
    done(follow(session, operation, seconds))


def warn(operation: "Resource") -> None:
    """Say what is otherwise than it was asked for."""
    for note in operation.get("warnings", ()):
        output.note(labels.note(note, "message"))


def hand_over(session: Session, operation: "Resource") -> None:
    """Print an operation that is not waited for."""
    uid = operation["metadata"]["id"]
    if session.output.machine:
        output.document(operation, session.output)
        return
    output.result(uid)
    if session.output is not Format.NAME:
        output.note(_("Follow it: storectl op wait %(operation)s") % {"operation": uid})


def follow(session: Session, operation: "Resource", seconds: float) -> "Resource":
    """Show an operation until it succeeded and return it.

    Raises OperationFailedError, OperationSupersededError, WaitTimedOutError, LostContactError or
    InterruptedWaitError.
    """
    uid = operation["metadata"]["id"]
    if operation["status"]["state"] in {"pending", "running"}:
        with progress() as display:
            follower = Follower(session.client, operation, seconds, display)
            try:
                operation = follower.run()
            except KeyboardInterrupt:
                raise InterruptedWaitError(operation=uid) from None
            except DeadlineError:
                operation = follower.operation
                timed_out = True
            else:
                timed_out = False
        if timed_out:
            raise _timed_out(session, operation, seconds) from None
    return judged(operation)


def judged(operation: "Resource") -> "Resource":
    """Return an operation that succeeded; any other end is raised."""
    status, spec = operation["status"], operation["spec"]
    params = {"operation": operation["metadata"]["id"], "store": spec["store"]}
    if status["state"] == "superseded":
        raise OperationSupersededError(**params)
    if status["state"] == "failed":
        raise OperationFailedError(status["error"], **params)
    return operation


def _timed_out(session: Session, operation: "Resource", seconds: float) -> WaitTimedOutError:
    steps, conditions = unmet(session.client, operation)
    if session.output.machine:
        found = [(step["name"], str(step["detail"] or step["title"])) for step in steps]
        found += [(item["type"], str(item["message"])) for item in conditions]
    else:
        found = [(labels.step_title(step), labels.note(step, "detail")) for step in steps]
        found += [
            (labels.word(CONDITIONS, item["type"]), labels.note(item, "message"))
            for item in conditions
        ]
    with untranslated() if session.output.machine else nullcontext():
        waited = durations.humanise(seconds)
    return WaitTimedOutError(tuple(found), waited=waited, operation=operation["metadata"]["id"])
