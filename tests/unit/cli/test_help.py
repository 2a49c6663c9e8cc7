"""The help: its topics, and that every exit code of the code is told."""

import pytest

from cli import error_view, errors
from cli.commands.help import EXIT_CODES
from cli.output import PIPE_CLOSED
from cli.verbs import VERBS
from controller.domain.errors.base import by_code
from tests.unit.cli.runner import Storectl


def test_every_exit_code_is_told(storectl: Storectl) -> None:
    told = storectl("help", "exit-codes").out
    raised = {kind.exit_code for kind in by_code().values()} | set(
        error_view.EXIT_BY_STATUS.values()
    )
    named = {value for value in vars(errors).values() if isinstance(value, int)}
    for code in EXIT_CODES:
        assert f"\n{code:>4}  " in f"\n{told}"
    assert raised | named | {0, PIPE_CLOSED} == set(EXIT_CODES)


def test_a_topic_can_be_a_verb(storectl: Storectl) -> None:
    assert storectl("help", "apply").out == storectl("apply", "--help").out
    unknown = storectl("help", "aply")
    assert (unknown.code, "no help on “aply”" in unknown.err) == (2, True)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_no_help_shows_the_parsers_own_words(storectl: Storectl, name: str) -> None:
    text = storectl(name, "--help")
    assert text.code == 0
    for word in ("<str>", "<int>", "<float>", "TEXT\n", "INTEGER"):
        assert word not in text.out, text.out


@pytest.mark.parametrize("token", ["abc\rdef", "abc def", "abc\x00", "abc\u200b", "tökén"])
def test_a_token_that_cannot_be_one_is_blamed_itself(
    storectl: Storectl, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("STORECTL_TOKEN", "x")
    refused = storectl("list", "--server", "http://127.0.0.1:9", "--token", token)
    assert (refused.code, "The token holds" in refused.err) == (2, True)


def test_what_stands_around_a_token_is_left_out(storectl: Storectl) -> None:
    # Nobody answers there: it got as far as asking.
    asked = storectl("list", "--server", "http://127.0.0.1:9", "--token", " abc\r\n")
    assert asked.code == errors.UNREACHABLE
