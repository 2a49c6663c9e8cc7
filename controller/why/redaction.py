"""Secrets taken out of what other programs said, before anybody reads it."""

import re
from collections.abc import Iterable
from typing import Any, Final

_HIDDEN: Final = "••••"
_SHORTEST: Final = 6
"""A shorter one is a word that may stand anywhere."""
_TELLTALE: Final = re.compile(
    r"(?i)(bearer\s+|(?:pass(?:word|wd)?|secret|token|api[-_]?key|crypt[-_]?key)\s*[=:]\s*[\"']?"
    r"|://[^\s/:@]*:(?=[^\s/@]+@))[^\s\"'@,;&]{3,}"
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
        return _TELLTALE.sub(lambda match: f"{match[1]}{_HIDDEN}", found)

    def json(self, value: Any) -> Any:
        """A value of JSON with every text in it as `text` leaves it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.json(item) for key, item in value.items()}
        return [self.json(item) for item in value] if isinstance(value, list) else value
