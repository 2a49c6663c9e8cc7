"""Secrets taken out of what other programs said, before anybody reads it."""

import re
from collections.abc import Iterable
from typing import Any, Final

_HIDDEN: Final = "••••"
_SHORTEST: Final = 6
"""A shorter one is a word that may stand anywhere."""
_NAME: Final = r"(?:pass(?:word|wd)?|secret|token|api[-_]?key|crypt[-_]?key)"
_VALUE: Final = r"[^\s\"'@,;&()<>]"
_TELLTALE: Final = re.compile(
    # A value that is set, in an address or in quotes: anything but a word of yes and no.
    rf"(?i)({_NAME}[\"']?\s*(?:=\s*[\"']?|:[\"']?|:\s*[\"'])|://[^\s/:@]*:(?=[^\s/@]+@))"
    rf"(?!(?:yes|no|none|null|true|false)\b){_VALUE}{{3,}}"
)
_IN_PROSE: Final = re.compile(
    # After a space it may be a sentence that goes on: only what is no word.
    rf"(?i)(bearer\s+|{_NAME}:\s+)(?={_VALUE}*(?:\d|[._~+/-]{_VALUE})|{_VALUE}{{16}})"
    rf"{_VALUE}{{3,}}"
)


class Redaction:
    """Known secrets, and what looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: one may be a part of another.
        known = sorted({item for item in secrets if len(item) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        found = self._known.sub(_HIDDEN, text) if self._known else text
        for telltale in (_TELLTALE, _IN_PROSE):
            found = telltale.sub(lambda match: f"{match[1]}{_HIDDEN}", found)
        return found

    def json(self, value: Any) -> Any:
        """A value of JSON with every text in it as `text` leaves it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.json(item) for key, item in value.items()}
        return [self.json(item) for item in value] if isinstance(value, list) else value
