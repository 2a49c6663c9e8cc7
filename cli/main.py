"""The entry of `storectl`: runs one verb and turns what goes wrong into an exit code."""

import contextlib
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from cli import output, quick, texts
from cli.texts import N_, _

_CHOICES = re.compile(r" is not one of (.+)\.$")
"""How the parser tells of a list."""


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
    from cli.error_view import shown  # noqa: PLC0415 -- success does without the error tree.

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
        return errors.MissingArgumentError(name=_typed(parameter), command=command)
    if parameter is not None and (wrong := _wrong_value(error)):
        name = _typed(parameter)
        return errors.OptionValueError(name=name, detail=wrong, command=command)
    # The parser has no catalogue for the rest.
    return errors.UsageFaultError(detail=error.format_message(), command=command)


def _typed(parameter: Any) -> str:
    """An option or argument as it is typed."""
    names = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]
    return str(names[-1] or parameter.name)


def _wrong_value(error: Exception) -> str:
    """What a value has to be, in our words; empty where the parser did not ask Pydantic."""
    from pydantic import ValidationError  # noqa: PLC0415 -- as above.

    from controller.domain.errors.base import Message  # noqa: PLC0415 -- as above.
    from controller.domain.fielderrors import told  # noqa: PLC0415 -- as above.

    if not isinstance(error.__cause__, ValidationError):
        return ""
    wrong = told(error.__cause__.errors()[0])
    if match := _CHOICES.search(wrong):
        wrong = Message(N_("one of %(expected)s"), expected=match[1].replace("'", ""))
    return wrong.translated(_)
