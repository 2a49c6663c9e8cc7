"""The entry of `storectl`: runs one verb and turns what goes wrong into an exit code."""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from cli import output, quick, texts
from cli.texts import _


def run() -> NoReturn:
    """Run the command line of this process and exit."""
    code = main(sys.argv[1:])
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    if code == output.PIPE_CLOSED:
        # The interpreter flushes once more at its end and would complain about the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code."""
    texts.start()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        if argv and argv[0] == "scale" and quick.scale(argv[1:]):
            sys.stdout.flush()
            return 0
        outcome = _program().main(list(argv), prog_name="storectl", standalone_mode=False)
    except BrokenPipeError:
        return output.PIPE_CLOSED
    except (KeyboardInterrupt, Exception) as error:
        if isinstance(error, KeyboardInterrupt) or _aborted(error):
            output.note("\n" + _("Interrupted."))
            return 130
        return _explain(error, machine=wants_json(argv))
    return outcome if isinstance(outcome, int) else 0


def _aborted(error: Exception) -> bool:
    """Whether somebody left a question of the parser's unanswered."""
    typer = sys.modules.get("typer")
    return typer is not None and isinstance(error, typer.Abort)


def wants_json(argv: Sequence[str]) -> bool:
    """Whether errors are read by a program, known before the arguments are parsed."""
    for here, following in zip(argv, [*argv[1:], ""], strict=True):
        if here in {"-o", "--output"} and following in {"json", "yaml"}:
            return True
        if here in {"-ojson", "-oyaml", "--output=json", "--output=yaml"}:
            return True
    return False


def _program() -> Any:
    # The parser is slow to import; a verb with a budget does without it.
    import typer  # noqa: PLC0415 -- as the comment says.

    from cli import verbs  # noqa: PLC0415 -- as above.

    app = verbs.new_app(
        cls=verbs.VerbGroup,
        help=_("Set up online shops and look after them."),
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=verbs.epilog(
            (
                "storectl create acme --country DE --email owner@example.com",
                "storectl list",
                "storectl describe acme",
                "storectl COMMAND --help",
            )
        ),
    )
    app.callback()(lambda: None)
    return typer.main.get_command(app)


def _explain(error: Exception, *, machine: bool) -> int:
    from cli.shown import shown  # noqa: PLC0415 -- success does without the error tree.

    if os.environ.get("STORECTL_DEBUG"):
        import traceback  # noqa: PLC0415 -- only for those who ask.

        traceback.print_exception(error)
    told = shown(_usage_fault(error) or error, _)
    output.failure(told, machine=machine)
    return told.exit_code


def _usage_fault(error: Exception) -> Exception | None:
    """Return the parser's complaint as an error of ours, None for any other error."""
    import typer  # noqa: PLC0415 -- as above.

    from cli import errors  # noqa: PLC0415 -- as above.

    if not isinstance(error, typer.TyperException):
        return None
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    command = context.command_path if context else "storectl"
    if hasattr(error, "option_name") and hasattr(error, "possibilities"):
        return errors.UnknownOptionError(option=error.option_name, command=command)
    if hasattr(error, "param_type") and parameter is not None:
        names = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]
        return errors.MissingArgumentError(name=names[-1] or parameter.name, command=command)
    # The parser has no catalogue for the rest.
    return errors.UsageFaultError(detail=error.format_message(), command=command)
