"""`storectl apply` and `diff`."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import durations, errors, finish, labels, manifest, results
from cli.error_view import shown
from cli.options import DEFAULT_TIMEOUT, Files, Output, Recursive, Timeout, Wait
from cli.output import Format, document, failure, note, result, show
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb
from controller.domain.errors.base import StoreControllerError

if TYPE_CHECKING:
    from cli.client import Resource
    from cli.error_view import Shown
    from cli.manifest import Manifest

app = new_app()

EXAMPLE = """\
apiVersion: storectl/v1
kind: Store
metadata:
  name: acme
  labels: {team: tea}
spec:
  displayName: Acme Tea
  country: DE
  email: owner@example.com
"""


@verb(
    app,
    "apply",
    text=_("Create or change stores as files say."),
    more=_(
        "A file holds one store or more; of a directory each YAML and JSON file is read, by name. "
        "A store that is as the file says is left alone. What the file does not name, the country "
        "decides. A store that fails keeps no other from being applied: the exit code is then 9."
    ),
    examples=(
        "storectl apply -f store.yaml",
        "storectl apply -f store.yaml --dry-run",
        "storectl apply -f stores/ -R",
        "storectl get acme -o yaml | sed s/EUR/CHF/ | storectl apply -f -",
        "",
        *(f"  {line}" for line in EXAMPLE.splitlines()),
    ),
)
def apply(
    session: Session,
    file: Files,
    *,
    recursive: Recursive = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Show what would change and change nothing."))
    ] = False,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Apply every store of a file; all are started before the first is waited for."""
    seconds = durations.parse(timeout)
    wanted = manifest.read(file, recursive=recursive)
    if dry_run:
        _print_diffs(session, wanted, output)
        return
    _Batch(session, output).run(wanted, seconds if wait else None)


@verb(
    app,
    "diff",
    text=_("Show what apply would change."),
    more=_("The exit code is 10 when something would, 0 when nothing would."),
    examples=("storectl diff -f store.yaml", "storectl diff -f store.yaml -o json"),
)
def diff(
    session: Session, file: Files, *, recursive: Recursive = False, output: Output = Format.TABLE
) -> None:
    """Compare every store of a file with the server."""
    found = _print_diffs(session, manifest.read(file, recursive=recursive), output)
    if any(_differs(item) for item in found):
        raise typer.Exit(errors.CHANGES)


def _differs(item: "Resource") -> bool:
    return bool(item["changes"]) or not item["exists"]


def _print_diffs(session: Session, wanted: list["Manifest"], output: Format) -> list["Resource"]:
    """Print and return what applying would change."""
    found = [session.client.diff_store(item.name, item.body) for item in wanted]
    if output.machine:
        document(found[0] if len(found) == 1 else found, output)
    elif output is Format.NAME:
        for item in filter(_differs, found):
            result(item["store"])
    else:
        for item, file in zip(found, wanted, strict=True):
            _print_diff(item, file)
    return found


def _print_diff(item: "Resource", wanted: "Manifest") -> None:
    from cli import tables  # noqa: PLC0415 -- programs do without Rich.

    name = {"store": labels.printable(item["store"])}
    if not _differs(item):
        note(_("“%(store)s” is as the file says.") % name)
    elif item["exists"]:
        result(_("%(store)s would change:") % name)
        show(tables.changes(item))
    else:
        result(_("%(store)s would be created:") % name)
        show(tables.wishes(wanted.body))


@dataclass
class _Batch:
    """Applies several stores; one that fails does not keep the others from being applied."""

    session: Session
    output: Format

    def __post_init__(self) -> None:
        self._codes: list[int] = []
        self._done: list[Any] = []
        self._failed: list[str] = []

    def run(self, wanted: list["Manifest"], seconds: int | None) -> None:
        """Start all, follow all, print what became of them; `seconds` None is not to wait."""
        started = [(item, found) for item in wanted if (found := self._tried(item, self._start))]
        for item, found in started:
            self._tried(item, self._finish, found, seconds)
        if self.output.machine and (self._done or len(wanted) > 1):
            document(self._done[0] if len(wanted) == 1 else self._done, self.output)
        self._judge(wanted)

    def _start(self, item: "Manifest") -> tuple[int, "Resource"]:
        reply = self.session.client.apply_store(item.name, item.body)
        return reply.status, reply.body

    def _finish(
        self, _item: "Manifest", started: tuple[int, "Resource"], seconds: int | None
    ) -> None:
        status, operation = started
        name = labels.printable(operation["spec"]["store"])
        if status == 200:
            note(_("“%(store)s” is as the file says.") % {"store": name})
        if seconds is None:
            self._hand_over(operation)
            return
        end = finish.follow(self.session, operation, seconds)
        if self.output.machine:
            self._done.append(self.session.client.store(end["spec"]["storeUid"]))
        else:
            results.store(self.session, end, self.output)

    def _hand_over(self, operation: "Resource") -> None:
        if self.output.machine:
            self._done.append(operation)
        else:
            finish.hand_over(self.session, operation)

    def _tried(self, item: "Manifest", action: Any, *given: Any) -> Any:
        try:
            return action(item, *given)
        except (StoreControllerError, errors.ApiRefusal) as error:
            told = shown(error, _)
            # Ctrl-C and a server that is gone end the whole batch.
            if told.exit_code in {errors.INTERRUPTED, errors.UNREACHABLE}:
                raise
            failure(_placed(told, item), machine=self.output.machine)
            self._codes.append(told.exit_code)
            self._failed.append(item.name)
            return None

    def _judge(self, wanted: list["Manifest"]) -> None:
        if not self._codes:
            return
        if len(wanted) > 1 and not self.output.machine:
            done = [item.name for item in wanted if item.name not in self._failed]
            facts = {"done": ", ".join(done) or "–", "failed": ", ".join(self._failed)}
            note(_("Applied: %(done)s. Not applied: %(failed)s.") % facts)
        all_alike = len(self._codes) == len(wanted) and len(set(self._codes)) == 1
        raise typer.Exit(self._codes[0] if all_alike else errors.PARTIAL)


def _placed(told: "Shown", item: "Manifest") -> "Shown":
    """An error with the store and the place in a file that it is about."""
    return replace(
        told,
        details=((item.place, item.name), *told.details),
        problem={**told.problem, "store": item.name, "file": item.place},
    )
