"""`storectl doctor`."""

from contextlib import nullcontext

import typer

from cli.doctor import checks
from cli.errors import INTERNAL
from cli.options import Output
from cli.output import Format, document, result, show
from cli.session import Session
from cli.texts import _, untranslated
from cli.verbs import new_app, verb

app = new_app()


@verb(
    app,
    "doctor",
    text=_("Check what is missing and how to get it."),
    more=_("The exit code is 1 when something is missing that is needed."),
    examples=("storectl doctor", "storectl doctor -o json"),
)
def doctor(session: Session, *, output: Output = Format.TABLE) -> None:
    """Print every check; fails when one failed."""
    with untranslated() if output.machine else nullcontext():
        found = [check.as_json() for check in checks(session)]
    good = all(item["state"] != "fail" for item in found)
    if output.machine:
        document(
            {"apiVersion": "storectl/v1", "kind": "Doctor", "ok": good, "checks": found}, output
        )
    elif output is Format.NAME:
        for item in found:
            if item["state"] != "ok":
                result(item["name"])
    else:
        from cli.pages import checks as drawn  # noqa: PLC0415 -- programs do without Rich.

        show(drawn(found))
        result(
            "\n" + (_("Everything needed is there.") if good else _("Something needed is missing."))
        )
    if not good:
        raise typer.Exit(INTERNAL)
