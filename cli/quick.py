"""`storectl scale` read without the parser, whose import takes longer than the request may.

`cli.main` asks here first. Whatever is not written in the plain way, a wrong number or a wish for
help too, is left to the parser and `cli.commands.scale`, which say the same and more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

_NUMBERS = {"--min": "min", "--max": "max", "--now": "now"}
_TEXTS = {"--server", "--token", "--timeout", "--output", "-o"}
_SWITCHES = {"--wait", "--no-wait", "--plan-default"}


@dataclass
class _Line:
    """A command line as it was read."""

    name: str = ""
    body: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    switches: set[str] = field(default_factory=set)

    @property
    def plain(self) -> bool:
        """Whether it says one thing and says it once."""
        if not self.name or {"--wait", "--no-wait"} <= self.switches:
            return False
        return bool(self.body) != ("--plan-default" in self.switches)


def scale(argv: Sequence[str]) -> bool:
    """Scale a store when the line is plain; False leaves everything to the parser."""
    line = _read(argv)
    if line is None or not line.plain:
        return False
    from cli.output import Format  # noqa: PLC0415 -- only what the request needs is imported first.
    from cli.session import Session  # noqa: PLC0415 -- as above.

    texts = line.texts
    wanted = texts.get("--output", texts.get("-o", Format.TABLE)).lower()
    if wanted not in set(Format):
        return False
    form = Format(wanted)
    with Session(texts.get("--server"), texts.get("--token"), form) as session:
        reply = session.client.scale_store(line.name, line.body)
        # The cluster is at work by now.
        from cli import results  # noqa: PLC0415 -- as above.
        from cli.options import DEFAULT_TIMEOUT  # noqa: PLC0415 -- as above.

        timeout = texts.get("--timeout", DEFAULT_TIMEOUT)
        results.follow(session, reply, form, "--no-wait" not in line.switches, timeout)
    return True


def _read(argv: Sequence[str]) -> _Line | None:
    """The line; None when there is anything in it that is not plain."""
    line, words = _Line(), iter(argv)
    for word in words:
        if word in _SWITCHES:
            line.switches.add(word)
        elif word.startswith("-"):
            if not _option(line, word, words):
                return None
        elif line.name:
            return None
        else:
            line.name = word
    return line


def _option(line: _Line, word: str, words: Iterator[str]) -> bool:
    name, equals, value = word.partition("=")
    if not equals:
        value = next(words, "")
    if name in _TEXTS and value and not value.startswith("-"):
        return _once(line.texts, name, value)
    if name in _NUMBERS and value.isascii() and value.isdigit() and int(value[:4]) > 0:
        return _once(line.body, _NUMBERS[name], int(value))
    return False


def _once(known: dict[str, Any], name: str, value: Any) -> bool:
    if name in known:
        return False
    known[name] = value
    return True
