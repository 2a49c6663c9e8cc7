"""Whether the shop can write: its disk has room, and a write of its database goes through.

The status asks, every few seconds; a real write is made at most once in `EVERY` seconds.
"""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.database import now, transaction

if TYPE_CHECKING:
    from pathlib import Path

EVERY = 10.0
LEAST_BYTES = 4 * 1024 * 1024
LEAST_FILES = 16


@dataclass
class Disk:
    """The disk of one shop's directory."""

    directory: Path
    written_at: float = 0.0
    refused: str = ""
    """What the last write met."""

    def trouble(self, db: sqlite3.Connection) -> str:
        """Why the shop cannot write; empty when it can."""
        return self._room() or self._write(db)

    def _room(self) -> str:
        try:
            room = os.statvfs(self.directory)
        except OSError as error:
            return error.strerror or str(error)
        left = room.f_bavail * room.f_frsize
        if room.f_flag & os.ST_RDONLY:
            return "the file system is mounted read-only"
        if left < LEAST_BYTES:
            return f"the disk is full, {left // 1024} KB are left"
        if room.f_files and room.f_favail < LEAST_FILES:
            return f"the disk is full, {room.f_favail} more files can be made"
        return ""

    def _write(self, db: sqlite3.Connection) -> str:
        if self.written_at and not self.refused and time.monotonic() - self.written_at < EVERY:
            return ""
        try:
            with transaction(db):
                db.execute("INSERT OR REPLACE INTO meta VALUES ('written_at', ?)", (now(),))
        except sqlite3.Error as error:
            self.refused = str(error)
        else:
            self.refused = ""
        self.written_at = time.monotonic()
        return self.refused
