"""The list of verbs, and how a function of `cli.commands` becomes one.

A verb's module is imported when the verb is run or asked for help, so that `storectl --help` costs
no more than this list.
"""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli.output import PIPE_CLOSED, Format
from cli.session import Session
from cli.texts import N_, _

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter


@dataclass(frozen=True, kw_only=True)
class Verb:
    """A verb in the list: where it is and what it does, in half a line."""

    name: str
    module: str
    help: str


def _verb(name: str, module: str, text: str) -> Verb:
    return Verb(name=name, module=module, help=text)


SECTIONS: tuple[tuple[str, tuple[Verb, ...]], ...] = (
    (
        N_("Run it here"),
        (
            _verb("up", "machine", N_("Start the control plane on this machine.")),
            _verb("doctor", "doctor", N_("Check what is missing and how to get it.")),
        ),
    ),
    (
        N_("Create and change"),
        (
            _verb("create", "create", N_("Create a store and follow it until it sells.")),
            _verb("apply", "manifests", N_("Create or change stores as files say.")),
            _verb("diff", "manifests", N_("Show what apply would change.")),
            _verb("adopt", "adopt", N_("Look after a shop that somebody else runs.")),
            _verb("config", "config", N_("Show, change, compare and push a store's settings.")),
            _verb("secret", "secrets", N_("Keep what payment providers and carriers need.")),
            _verb("scale", "scale", N_("Change how many web servers a store has.")),
            _verb("plan", "plans", N_("Change a store's size, or show the sizes there are.")),
            _verb("backup", "backups", N_("Show a store's backups, or make one now.")),
            _verb("restore", "restore", N_("Load a backup over what a store has.")),
            _verb("suspend", "lifecycle", N_("Close a store to customers.")),
            _verb("resume", "lifecycle", N_("Open a suspended store again.")),
            _verb("extend", "lifecycle", N_("Let a store that ends by itself live longer.")),
        ),
    ),
    (
        N_("Sell"),
        (_verb("order", "orders", N_("List orders, send them and follow their parcels.")),),
    ),
    (
        N_("Look"),
        (
            _verb("list", "stores", N_("List stores.")),
            _verb("get", "stores", N_("Show a store in one line, or as JSON or YAML.")),
            _verb("describe", "stores", N_("Show a store with its conditions and last operation.")),
            _verb("why", "why", N_("Say why a store is not well, and what to do.")),
            _verb("url", "stores", N_("Print a store's address.")),
            _verb("open", "stores", N_("Open a store in the web browser.")),
            _verb("login-link", "stores", N_("Print a one-time link to a store's administration.")),
            _verb("logs", "watch", N_("Print what a store's parts wrote.")),
            _verb("events", "watch", N_("Show what happened.")),
            _verb("op", "operations", N_("List, show, follow and retry operations.")),
        ),
    ),
    (
        N_("Where stores run"),
        (
            _verb("cluster", "clusters", N_("Add clusters, look at them, drain and remove them.")),
            _verb("image", "images", N_("Show and change which image stores run.")),
        ),
    ),
    (
        N_("Remove"),
        (
            _verb("retire", "lifecycle", N_("Take a store out of service; its data is kept.")),
            _verb("undelete", "lifecycle", N_("Bring a retired store back.")),
            _verb("purge", "lifecycle", N_("Destroy a retired store's data for ever.")),
        ),
    ),
    (
        N_("Everything else"),
        (
            _verb("rates", "rates", N_("Show, refresh and approve exchange rates.")),
            _verb("api", "misc", N_("Send any request to the HTTP API.")),
            _verb("countries", "misc", N_("List countries, or show what one sets.")),
            _verb("help", "help", N_("Explain a verb, or the exit codes.")),
            _verb("version", "misc", N_("Print the versions of storectl and of the server.")),
        ),
    ),
)
VERBS = {verb.name: verb for _title, verbs in SECTIONS for verb in verbs}

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server", metavar="URL", help=_("Address of the control plane."), show_default=False
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help=_("Token to use (better: STORECTL_TOKEN)."),
        show_default=False,
    ),
]


def new_app(**settings: Any) -> typer.Typer:
    """Return a Typer whose help is plain text: Rich would double the time that help takes."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, **settings)


def _names_a_type(parameter: Any) -> bool:
    """Whether the help would show a type of the parser's where a choice or a name is expected."""
    descriptor = parameter.type_descriptor
    flag = getattr(parameter, "is_flag", False)
    return not (flag or descriptor.choices)


class PlainCommand(TyperCommand):
    """A command whose usage line is translated, and whose help shows no types of the parser's."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for parameter in self.params:
            if parameter.param_type_name == "argument":
                # Its name says what it is; `<str>` says nothing to a person.
                vars(parameter)["display_type_rich"] = lambda **_: None
            elif not parameter.metavar and _names_a_type(parameter):
                parameter.metavar = str(parameter.name).upper()

    def format_usage(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the usage line."""
        _usage(self, ctx, formatter)


class HelpfulGroup(TyperGroup):
    """A group that shows its help when no verb follows."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Read the arguments."""
        return super().parse_args(ctx, args or ["--help"])

    def format_usage(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the usage line."""
        _usage(self, ctx, formatter)


class VerbGroup(HelpfulGroup):
    """The verbs of `storectl`, found in the list and imported one by one."""

    def list_commands(self, ctx: "Context") -> list[str]:  # noqa: ARG002 -- the interface.
        """Return every verb."""
        return list(VERBS)

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":  # noqa: ARG002
        """Import a verb."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        module = importlib.import_module(f"cli.commands.{verb.module}")
        group = typer.main.get_group(module.app)
        # A module with sub-commands is a verb itself.
        return group if group.name == cmd_name else group.commands[cmd_name]

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> tuple[str | None, "Command | None", list[str]]:
        """Find the verb of a command line, or say which one may have been meant."""
        if args[0] in VERBS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        raise _unknown(args[0])

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002
        """Write the verbs by what they are for."""
        for title, verbs in SECTIONS:
            with formatter.section(_(title)):
                formatter.write_dl([(f"{verb.name:<10}", _(verb.help)) for verb in verbs])


class NounGroup(HelpfulGroup):
    """`storectl NOUN VERB`."""

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> tuple[str | None, "Command | None", list[str]]:
        """Find the verb."""
        if args[0] in self.commands or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        raise _unknown(f"{self.name} {args[0]}", [f"{self.name} {name}" for name in self.commands])


def _usage(command: "Command", ctx: "Context", formatter: "HelpFormatter") -> None:
    pieces = " ".join(command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, prefix=_("Usage:") + " ")


def _unknown(verb: str, known: Sequence[str] = tuple(VERBS)) -> Exception:
    import difflib  # noqa: PLC0415 -- only a typing error pays for it.

    from cli.errors import LikelyVerbError, UnknownVerbError  # noqa: PLC0415 -- as above.

    if likely := difflib.get_close_matches(verb, known, n=1):
        return LikelyVerbError(verb=verb, likely=f"storectl {likely[0]}")
    return UnknownVerbError(verb=verb)


def verb(
    app: typer.Typer, name: str, *, text: str, examples: Sequence[str], more: str = ""
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function of a Session and options as a verb with the common options."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function).parameters.values())[1:]

        @functools.wraps(function)
        def call(server: str | None, token: str | None, **options: Any) -> None:
            output = options.get("output", Format.TABLE)
            try:
                with Session(server, token, output) as session:
                    function(session, **options)
                sys.stdout.flush()
            except BrokenPipeError:
                # The parser would call it a failure of ours; it is only a reader that had enough.
                raise typer.Exit(PIPE_CLOSED) from None

        common = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for key, kind in (("server", ServerOption), ("token", TokenOption))
        ]
        parameters = [*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own), *common]
        call.__annotations__ = {item.name: item.annotation for item in parameters}
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        app.command(
            name,
            cls=PlainCommand,
            help=f"{text}\n\n{more}" if more else text,
            short_help=text,
            epilog=epilog(examples),
        )(call)
        return function

    return decorate


def epilog(examples: Sequence[str]) -> str:
    """Return the examples as the end of a help page."""
    lines = "\n".join(f"  {example}" for example in examples)
    title = _("Examples:")
    # The sign keeps the parser's help from filling the lines into a paragraph.
    return f"\b\n{title}\n{lines}"
