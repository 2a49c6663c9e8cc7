"""What was made here, from where, and its digest; kept beside the programs in `tools.json`."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A program that was made here."""

    version: str
    origin: str
    sha256: str
    size: int
    seconds: float


class Ledger:
    """The entries of one directory of tools."""

    def __init__(self, cache: Path) -> None:
        self._path = cache / "tools.json"

    def entry(self, name: str, program: Path, origins: set[str]) -> Entry | None:
        """Return what is known of a program, if it still is that very file from such an origin."""
        known = self._entries().get(name)
        if known is None or known.origin not in origins or not program.is_file():
            return None
        whole = not program.is_symlink() and digest(program) == known.sha256
        return known if whole else None

    def write(self, name: str, entry: Entry) -> None:
        """Keep an entry."""
        entries = {**self._entries(), name: entry}
        text = json.dumps({key: asdict(value) for key, value in sorted(entries.items())}, indent=2)
        scratch = self._path.with_suffix(".made")
        scratch.write_text(text + "\n")
        scratch.rename(self._path)

    def _entries(self) -> dict[str, Entry]:
        if not self._path.exists():
            return {}
        return {name: Entry(**raw) for name, raw in json.loads(self._path.read_text()).items()}


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
