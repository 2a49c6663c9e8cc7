"""`storectl image set`, `list`, `show`, `rollouts`, `stop` and `resume`."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import durations, results
from cli.errors import UsageFaultError
from cli.labels import ROLLOUT_STATES, word
from cli.options import DEFAULT_TIMEOUT, Name, Output, Timeout, Wait
from cli.output import Format, document, note, resource, resources
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

app = new_app(name="image", cls=NounGroup, help=_("Show and change which image stores run."))

_Rollout = Annotated[
    str, typer.Argument(metavar="ROLLOUT", help=_("Id of the rollout."), show_default=False)
]
_LOOK_SECONDS = 1.0


@verb(
    app,
    "set",
    text=_("Have a store, or all of them, run another image."),
    more=_(
        "The cluster must be able to fetch the image before anything that runs is changed. With "
        "--all the stores follow one another by name; those that are not well are left out, and it "
        "stops at the first failures."
    ),
    examples=(
        "storectl image set acme registry.example.com/shop:2.4.7-p4",
        "storectl image set --all registry.example.com/shop:2.4.7-p4 --max-parallel 3",
        "storectl image set --all registry.example.com/shop:2.4.7-p4 --dry-run",
    ),
)
def set_image(
    session: Session,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[STORE] IMAGE",
            help=_("The store, and REPOSITORY:TAG or REPOSITORY@DIGEST."),
            show_default=False,
        ),
    ],
    *,
    everyone: Annotated[bool, typer.Option("--all", help=_("Every store on a cluster."))] = False,
    max_parallel: Annotated[
        int, typer.Option("--max-parallel", min=1, help=_("So many stores change at once."))
    ] = 1,
    max_failures: Annotated[
        int, typer.Option("--max-failures", min=1, help=_("Stop at so many failures."))
    ] = 1,
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help=_("Shop software."))
    ] = "magento",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Only say which stores would change."))
    ] = False,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Change images and follow that."""
    if len(words) != (1 if everyone else 2) or (dry_run and not everyone):
        detail = _("Give a store and an image, or --all and an image.")
        raise UsageFaultError(detail=detail, command="storectl image set")
    if not everyone:
        reply = session.client.set_image(words[0], words[1])
        results.follow(session, reply, output, wait, timeout)
        return
    body = {
        "image": words[0],
        "engine": engine,
        "maxParallel": max_parallel,
        "maxFailures": max_failures,
        "dryRun": dry_run,
    }
    started = session.client.start_rollout(body)
    if dry_run:
        _print_plan(started, output)
        return
    _follow(session, started, output, wait=wait, timeout=timeout)


@verb(
    app,
    "list",
    text=_("Show which image each store runs."),
    examples=("storectl image list", "storectl image list -o json"),
)
def list_images(session: Session, *, output: Output = Format.TABLE) -> None:
    """Print the images."""

    def table(found: list[Any]) -> "RenderableType":
        from cli.tables import images  # noqa: PLC0415 -- programs do without Rich.

        return images(found)

    items = session.client.images()
    resources(items, output, lambda item: str(item["store"]), table, _("No store is on a cluster."))


@verb(
    app,
    "show",
    text=_("Print the image that a store runs."),
    examples=("storectl image show acme",),
)
def show_image(session: Session, name: Name, *, output: Output = Format.NAME) -> None:
    """Print one image."""
    stack = session.client.store(name).get("stack") or {}
    image = stack.get("image") or "–"
    resource({"store": name, "image": image}, output, image, lambda: image)


@verb(
    app,
    "rollouts",
    text=_("List the rollouts of images, or show one."),
    examples=("storectl image rollouts", "storectl image rollouts 01jd8v…"),
)
def rollouts(
    session: Session,
    rollout: Annotated[
        str | None,
        typer.Argument(metavar="[ROLLOUT]", help=_("Id of the rollout."), show_default=False),
    ] = None,
    *,
    output: Output = Format.TABLE,
) -> None:
    """Print rollouts."""
    if rollout is not None:
        _print(session.client.rollout(rollout), output)
        return

    def table(found: list[Any]) -> "RenderableType":
        from cli.tables import rollouts as listed  # noqa: PLC0415 -- programs do without Rich.

        return listed(found)

    found = session.client.rollouts()
    resources(found, output, lambda item: str(item["metadata"]["id"]), table, _("None yet."))


@verb(
    app,
    "stop",
    text=_("Let no further store of a rollout begin."),
    examples=("storectl image stop 01jd8v…",),
)
def stop(session: Session, rollout: _Rollout, *, output: Output = Format.TABLE) -> None:
    """Stop one."""
    _print(session.client.stop_rollout(rollout), output)


@verb(
    app,
    "resume",
    text=_("Go on with a rollout that stopped."),
    more=_("What failed or was left out has another turn."),
    examples=("storectl image resume 01jd8v…",),
)
def resume(
    session: Session,
    rollout: _Rollout,
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Resume one and follow it."""
    resumed = session.client.resume_rollout(rollout)
    _follow(session, resumed, output, wait=wait, timeout=timeout)


def _follow(session: Session, rollout: Any, output: Format, *, wait: bool, timeout: str) -> None:
    """Tell of each store as its turn comes; ends with the rollout, or when the time is over."""
    deadline = time.monotonic() + durations.parse(timeout)
    told: dict[str, str] = {}
    while True:
        for store in rollout["status"]["stores"]:
            state = store["state"]
            if state != "waiting" and told.get(store["name"]) != state and not output.machine:
                told[store["name"]] = state
                detail = f" ({store['detail']})" if store["detail"] else ""
                note(f"{store['name']}: {word(ROLLOUT_STATES, state)}{detail}")
        over = rollout["status"]["state"] != "running"
        if over or not wait or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_SECONDS)
        rollout = session.client.rollout(rollout["metadata"]["id"])
    _print(rollout, output)
    if rollout["status"]["state"] == "stopped":
        raise typer.Exit(1)


def _print(rollout: Any, output: Format) -> None:
    def table() -> "RenderableType":
        from cli.tables import rollout as shown  # noqa: PLC0415 -- programs do without Rich.

        return shown(rollout)

    resource(rollout, output, rollout["metadata"]["id"], table)


def _print_plan(plan: Any, output: Format) -> None:
    if output.machine:
        document(plan, output)
        return
    for store in plan["stores"]:
        typer.echo(store["name"])
    if not plan["stores"]:
        note(_("Every store on a cluster runs it already."))
