"""Programs inside archives, and archives inside archives; downloads and wheels use it."""

import io
import tarfile
import zipfile
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import IO

from scripts.clusterkit.base import UnobtainableError


def member(archive: IO[bytes], path: Sequence[str]) -> bytes:
    """Read a file in a zip or tar archive; each further part of the path is inside the one before.

    Parts may hold wildcards. Raises UnobtainableError when nothing has that name.
    """
    wanted, *deeper = path
    found = (_in_zip if zipfile.is_zipfile(archive) else _in_tar)(archive, wanted)
    if found is None:
        raise UnobtainableError(f"the archive has no {wanted}")
    return member(io.BytesIO(found), deeper) if deeper else found


def _in_zip(archive: IO[bytes], wanted: str) -> bytes | None:
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if fnmatch(name, wanted)]
        return opened.read(names[0]) if names else None


def _in_tar(archive: IO[bytes], wanted: str) -> bytes | None:
    archive.seek(0)
    with tarfile.open(fileobj=archive) as opened:
        for entry in opened:
            if fnmatch(entry.name, wanted) and (content := opened.extractfile(entry)):
                return content.read()
    return None
