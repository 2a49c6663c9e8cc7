"""Whether a directory can be written to: room, files, and a write that is really made.

`sandbox` asks before it says that it can work, the control plane's readiness probe too.
"""

import errno
import os
import tempfile
from pathlib import Path

LEAST_BYTES = 16 * 1024 * 1024
"""Room that has to be left: with less a database cannot finish what it began."""
LEAST_FILES = 64
_PROBE = b"\0" * 4096
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FULL, READ_ONLY, UNUSABLE = "storage_full", "storage_readonly", "storage_unusable"


def trouble(directory: Path) -> tuple[str, str] | None:
    """Why nothing can be written there, as (code, detail); None when it can."""
    try:
        room = os.statvfs(directory)
    except OSError as error:
        return UNUSABLE, error.strerror or str(error)
    if room.f_flag & os.ST_RDONLY:
        return READ_ONLY, "its file system is mounted read-only"
    left = room.f_bavail * room.f_frsize
    if left < LEAST_BYTES:
        return FULL, f"{left // 1024} KB are left"
    # File systems that make inodes as they need them say 0 of 0.
    if room.f_files and room.f_favail < LEAST_FILES:
        return FULL, f"{room.f_favail} more files can be made"
    return _refused(directory)


def _refused(directory: Path) -> tuple[str, str] | None:
    """What a write meets: a quota or a broken disk shows only so."""
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(_PROBE)
            file.flush()
    except OSError as error:
        detail = error.strerror or str(error)
        if error.errno in _FULL:
            return FULL, detail
        return (READ_ONLY if error.errno == errno.EROFS else UNUSABLE), detail
    return None
