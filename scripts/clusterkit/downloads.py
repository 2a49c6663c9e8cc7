"""Official downloads, each held to a pinned digest; the catalog names them."""

import functools
import hashlib
import socket
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from scripts.clusterkit.archives import member
from scripts.clusterkit.base import LINUX, UnobtainableError, place, require_platform

_SECONDS = 10.0
_PIECE = 1 << 20


@functools.cache
def unreachable(host: str, port: int) -> str:
    """Why a host does not answer, empty when it does; asked once a run."""
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        return f"{host} is not reached: {error}"
    return ""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file: the program itself, or an archive that it lies in."""

    url: str
    digest: str
    """Algorithm and hexadecimal digest as the project published them: `sha256:…`."""
    path: tuple[str, ...] = ()
    platform: str = LINUX

    @property
    def origin(self) -> str:
        """The official file."""
        return f"download {self.url.rsplit('/', 1)[1]}"

    def obtain(self, target: Path, cache: Path) -> None:
        """Download, compare the digest, unpack. Raises UnobtainableError."""
        require_platform(self.platform)
        archive = self.fetch(cache)
        if not self.path:
            place(archive, target)
            return
        made = archive.with_suffix(".made")
        with archive.open("rb") as opened:
            made.write_bytes(member(opened, self.path))
        place(made, target)
        archive.unlink()

    def fetch(self, cache: Path) -> Path:
        """Return the file, downloaded and found to be the pinned one."""
        address = urllib.parse.urlsplit(self.url)
        host = address.hostname or ""
        proxied = urllib.request.getproxies().get(address.scheme)
        # A proxy may reach what this machine does not.
        if not proxied and (why := unreachable(host, address.port or 443)):
            raise UnobtainableError(why)
        algorithm, wanted = self.digest.split(":")
        hashing = hashlib.new(algorithm)
        part = cache / "downloads" / f"{wanted[:16]}.part"
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            with (
                urllib.request.urlopen(self.url, timeout=_SECONDS) as answer,  # noqa: S310
                part.open("wb") as written,
            ):
                while piece := answer.read(_PIECE):
                    hashing.update(piece)
                    written.write(piece)
        except OSError as error:
            raise UnobtainableError(f"{host}: {error}") from error
        if hashing.hexdigest() != wanted:
            part.unlink()
            raise UnobtainableError(f"{self.url} is not the pinned file")
        return part
