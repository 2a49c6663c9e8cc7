"""Copies of a shop's data: `backup` makes one, `restore` puts one in place; `container` calls both.

A copy is a directory named after its time, with the data file, `checksums` and `manifest`. Secrets
in it are sealed with the session key, which is in none of them: only its fingerprint is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox import vault
from sandbox.database import FILE

if TYPE_CHECKING:
    from pathlib import Path

NAMES = re.compile(r"\d{8}T\d{6}Z")
BEFORE = "before-restore.sqlite3"
"""What a restore found in place is kept so, until the next one."""
LAST_WORDS = 4000
"""Characters: a little less than Kubernetes keeps of a container."""
LOGS = ("-wal", "-shm")
"""What SQLite keeps beside a data file while it is open, or was when its process died."""


class BackupError(Exception):
    """Nothing was changed; the message says why."""


def backup(data: Path, root: Path, *, uid: str, session_key: str, keep: int) -> Path:
    """Copy the shop's data, while it runs or not, then remove all but the newest `keep` copies."""
    if not (data / FILE).is_file():
        raise BackupError(f"{data} holds no shop to save.")
    moment = datetime.now(UTC)
    place = root / f"{moment:%Y%m%dT%H%M%SZ}"
    if place.exists():
        raise BackupError(f"{place} exists already.")
    draft = root / f".{place.name}.part"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(mode=0o700)
        copy(data / FILE, draft / FILE)
        (draft / "checksums").write_text(f"{digest(draft / FILE)}  {FILE}\n")
        manifest = {
            "made_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "instance_uid": uid,
            "session_key_fingerprint": fingerprint(session_key),
        }
        lines = (f"{key}={value}\n" for key, value in manifest.items())
        (draft / "manifest").write_text("".join(lines))
        flush(draft)
        draft.rename(place)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise BackupError(f"{root}: {error}; no copy was made.") from error
    copies = sorted(path for path in root.iterdir() if NAMES.fullmatch(path.name))
    for old in copies[:-keep]:
        shutil.rmtree(old)
    return place


def listed(root: Path) -> list[str]:
    """Return each copy as a line of JSON, the newest first, as many as last words have room for."""
    lines: list[str] = []
    for place in sorted(root.iterdir(), reverse=True):
        if NAMES.fullmatch(place.name):
            size = sum(path.stat().st_size for path in place.iterdir())
            lines.append(json.dumps({"name": place.name, "bytes": size, "version": ""}))
    while sum(len(line) + 1 for line in lines) > LAST_WORDS:
        lines.pop()
    return lines


def copy(source: Path, target: Path) -> None:
    """Copy a data file as it is at one moment, whoever writes in it meanwhile."""
    with closing(sqlite3.connect(source)) as running, closing(sqlite3.connect(target)) as saved:
        running.backup(saved)
        # One file, which says by itself whether it is whole.
        saved.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = saved.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)


def restore(data: Path, root: Path, name: str, *, session_key: str) -> bool:
    """Put a copy in the place of the data, which nobody uses; False when it is there already.

    What was there is kept beside it. Killed anywhere, it can be repeated.
    """
    place = root / name
    if NAMES.fullmatch(name) is None or not (place / "manifest").is_file():
        raise BackupError(f"{place} holds no backup.")
    wanted, _, _ = (place / "checksums").read_text().partition(" ")
    if digest(place / FILE) != wanted:
        raise BackupError("The backup is damaged; nothing was touched.")
    saved = dict(line.split("=", 1) for line in (place / "manifest").read_text().splitlines())
    needed, mounted = saved.get("session_key_fingerprint"), fingerprint(session_key)
    if needed != mounted:
        message = f"The backup needs session key {needed}, mounted is {mounted}"
        raise BackupError(f"{message}; nothing was touched.")
    current = data / FILE
    if current.exists() and not beside(current, "-wal").exists() and digest(current) == wanted:
        return False
    draft = data / ".restore.part"
    try:
        shutil.copyfile(place / FILE, draft)
        flush(draft)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BackupError(f"{data}: {error.strerror}; nothing was touched.") from error
    set_aside(current, data / BEFORE)
    draft.rename(current)
    flush(data)
    return True


def set_aside(current: Path, kept: Path) -> None:
    """Keep the data beside its place, which is never empty meanwhile, and take its log away."""
    if not current.exists():
        return
    try:
        # Whoever closes a data file last brings its log into it.
        with closing(sqlite3.connect(current)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for ending in LOGS:
            beside(kept, ending).unlink(missing_ok=True)
    except sqlite3.Error:
        for ending in LOGS:
            if beside(current, ending).exists():
                beside(current, ending).rename(beside(kept, ending))
    kept.unlink(missing_ok=True)
    kept.hardlink_to(current)


def beside(path: Path, ending: str) -> Path:
    """Return one of the files that belong to a data file."""
    return path.with_name(f"{path.name}{ending}")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(session_key: str) -> str:
    """Return what tells one session key from another without telling it."""
    return vault.key(session_key.encode(), "backup").hex()[:16]


def flush(path: Path) -> None:
    """Wait until a file, or a directory and what is in it, is on the disk."""
    for each in (*(path.iterdir() if path.is_dir() else ()), path):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
