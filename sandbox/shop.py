"""What one shop is made of: its release, its secrets and its database; every request gets it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox import database
from sandbox.disk import Disk

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


class BadDirectoryError(Exception):
    """The driver's files are missing or cannot be understood."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What the driver asked to run: identity, address and values."""

    uid: str
    digest: str
    host: str
    port: int
    closed: bool
    stopped: bool = False
    """Nothing may run from here on, whatever was started before."""
    config: dict[str, str] = field(default_factory=dict)
    """Settings that are in force whatever is stored, and that nobody can change over REST."""
    public_url: str = ""
    """Where shoppers reach it, with a slash at its end; where it listens unless that is said."""

    @property
    def url(self) -> str:
        """Return its address as long as its settings name none."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}/"


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What the driver gave to be kept: the caller's token, and the key of cookies and vault."""

    access_token: str
    session_key: str


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One running shop. All requests run on one thread and share the connection."""

    directory: Path
    release: Release
    access_token: str
    session_key: bytes
    db: sqlite3.Connection
    disk: Disk


def read_values(content: dict[str, object]) -> tuple[str, dict[str, str]]:
    """Return whether the storefront is open, and the settings that the release fixes."""
    values = content.get("values", {})
    storefront = values.get("storefront", "open") if isinstance(values, dict) else None
    if not isinstance(values, dict) or storefront not in ("open", "closed"):
        raise BadDirectoryError("release.json: values.storefront must be open or closed")
    config = values.get("config", {})
    if not isinstance(config, dict) or not all(isinstance(v, str) for v in config.values()):
        raise BadDirectoryError("release.json: values.config must be texts by path")
    return storefront, config


def read_release(directory: Path) -> Release:
    """Read release.json; raise BadDirectoryError when something is missing or of a wrong kind."""
    content = read_object(directory / "release.json")
    port = content.get("port")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise BadDirectoryError("release.json: port must be a number between 1 and 65535")
    storefront, config = read_values(content)
    return Release(
        uid=text(content, "uid", "release.json"),
        digest=text(content, "digest", "release.json"),
        host=text({"host": "127.0.0.1"} | content, "host", "release.json"),
        port=port,
        closed=storefront == "closed",
        stopped=content.get("stopped") is True,
        config=config,
    )


def read_secrets(directory: Path) -> Secrets:
    """Read secrets.json; raise BadDirectoryError when something is missing."""
    content = read_object(directory / "secrets.json")
    return Secrets(
        access_token=text(content, "access_token", "secrets.json"),
        session_key=text(content, "session_key", "secrets.json"),
    )


def open_shop(directory: Path, release: Release, secrets: Secrets) -> Shop:
    """Open the database, which is made and seeded when it is new; sqlite3.Error, OSError."""
    db = database.open_database(directory / database.FILE)
    lock(db, release.config)
    return Shop(
        directory=directory,
        release=release,
        access_token=secrets.access_token,
        session_key=secrets.session_key.encode(),
        db=db,
        disk=Disk(directory),
    )


def lock(db: sqlite3.Connection, wanted: dict[str, str]) -> None:
    """Put the release's settings where every reading of the configuration finds them."""
    if dict(db.execute("SELECT path, value FROM locked").fetchall()) != wanted:
        with database.transaction(db):
            db.execute("DELETE FROM locked")
            db.executemany("INSERT INTO locked VALUES (?, ?)", wanted.items())


def read_object(path: Path) -> dict[str, object]:
    """Return a JSON object from a file; the message never repeats the content, it may be secret."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadDirectoryError(f"{path.name}: {error.strerror}") from error
    except ValueError as error:
        raise BadDirectoryError(f"{path.name} is not JSON") from error
    if not isinstance(content, dict):
        raise BadDirectoryError(f"{path.name} is not an object")
    return content


def text(content: dict[str, object], key: str, file: str) -> str:
    """Return a text that must be there and not be empty."""
    value = content.get(key)
    if not isinstance(value, str) or not value:
        raise BadDirectoryError(f"{file}: {key} is missing")
    return value
