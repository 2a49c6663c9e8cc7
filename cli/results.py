"""What a finished operation leaves to print: the store it was about, or what became of it."""

from typing import TYPE_CHECKING

from cli import finish, labels, output
from cli.errors import ApiRefusal
from cli.output import Format
from cli.texts import _
from controller.domain.store import SHORTFALLS

if TYPE_CHECKING:
    from cli.client import Resource
    from cli.session import Session
    from cli.transport import Reply


def follow(session: "Session", reply: "Reply", form: Format, wait: bool, timeout: str) -> None:
    """Follow what a store was asked to become, and print the store."""
    finish.accept(
        session,
        reply,
        wait=wait,
        timeout=timeout,
        done=lambda end: store(session, end, form),
    )


def store(session: "Session", operation: "Resource", form: Format) -> None:
    """Print the store of an operation that succeeded."""
    spec = operation["spec"]
    if form is Format.NAME:
        output.result(spec["store"])
        return
    found = session.client.store(spec["storeUid"])
    if form.machine:
        output.document(found, form)
        return
    if form is Format.WIDE:
        from cli.tables import stores  # noqa: PLC0415 -- the others do without Rich.

        output.show(stores([found], wide=True, room=output.room()))
        return
    sentence(found)


def sentence(found: "Resource") -> None:
    """Tell in one sentence what a store is now."""
    status = found["status"]
    facts = {
        "store": labels.printable(found["metadata"]["name"]),
        "url": labels.printable(status.get("url") or "–"),
        "phase": labels.word(labels.PHASES, status["phase"]),
    }
    told = _("%(store)s is ready: %(url)s") if status["ready"] else _("%(store)s: %(phase)s")
    output.result(told % facts)
    for item in status["conditions"]:
        if item["type"] in SHORTFALLS and item["status"] != "True":
            output.note(labels.note(item, "message"))


def gone(_session: "Session", operation: "Resource", form: Format) -> None:
    """Print what is left of a store that was purged: the operation with its inventory."""
    name = operation["spec"]["store"]
    if form.machine:
        output.document(operation, form)
    elif form is Format.NAME:
        output.result(name)
    else:
        output.result(_("Nothing is left of %(store)s.") % {"store": labels.printable(name)})


def missing(session: "Session", name: str) -> bool:
    """Whether there is no store of this name, which is then told as no error."""
    if lookup(session, name) is not None:
        return False
    told = _("There is no store “%(store)s”; nothing was done.")
    output.note(told % {"store": labels.printable(name)})
    return True


def lookup(session: "Session", name: str) -> "Resource | None":
    """Return a store, or None when there is none of this name."""
    try:
        return session.client.store(name)
    except ApiRefusal as refusal:
        if refusal.status == 404:
            return None
        raise
