"""The shop in a container: `python -m sandbox.container web|backup|list|restore NAME`.

Who it is comes from the environment, its secrets from files, its data from a volume;
images/sandbox/README.md names them all. What it logs goes to standard output, the reason of a
refusal last.
"""

# ruff: noqa: PLC0415 - what is not needed to start is imported where it is used.

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.process import (
    EXIT_BAD_DIRECTORY,
    EXIT_LOCKED,
    Refusal,
    bind,
    opened,
    serve,
    take_lock,
    unusable,
)
from sandbox.shop import Release, Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

EVERY_ADDRESS = "::" if socket.has_dualstack_ipv6() else "0.0.0.0"  # noqa: S104 - a pod's own.
PROBES = ("/-/live", "/V1/storecontroller/ready")
"""How paths end that are asked for every few seconds: only their failures are logged."""

log = logging.getLogger("sandbox")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a container was told of its shop."""

    release: Release
    secrets: Secrets
    data: Path
    backups: Path
    keep: int
    last_words: Path
    """Where a container leaves what is told of it when it ended."""


def read_environment(environ: Mapping[str, str]) -> Told:
    """Return what the environment says; raise Refusal where it says too little or nonsense."""
    uid = environ.get("STORECONTROLLER_INSTANCE_UID", "")
    if not uid:
        raise bad_environment("STORECONTROLLER_INSTANCE_UID is missing")
    storefront = environ.get("SHOP_STOREFRONT") or "open"
    if storefront not in ("open", "closed"):
        raise bad_environment("SHOP_STOREFRONT must be open or closed")
    url = environ.get("SHOP_BASE_URL", "")
    if url and not (url.startswith(("http://", "https://")) and url.endswith("/")):
        raise bad_environment("SHOP_BASE_URL must be an http address with a slash at its end")
    release = Release(
        uid=uid,
        digest="",
        host=EVERY_ADDRESS,
        port=number(environ, "SHOP_PORT", 8080, 65535),
        closed=storefront == "closed",
        public_url=url,
    )
    secrets = Path(environ.get("SHOP_SECRETS") or "/run/secrets/shop")
    return Told(
        release=release,
        secrets=Secrets(
            access_token=secret(secrets / "access-token"),
            session_key=secret(secrets / "session-key"),
        ),
        data=Path(environ.get("SHOP_DATA") or "/data"),
        backups=Path(environ.get("SHOP_BACKUP") or "/backup"),
        keep=number(environ, "SHOP_BACKUP_KEEP", 7, 1000),
        last_words=Path(environ.get("SHOP_LAST_WORDS") or "/dev/termination-log"),
    )


def number(environ: Mapping[str, str], name: str, usual: int, largest: int) -> int:
    """Return a variable's number; raise Refusal when it is none of those allowed."""
    text = environ.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= largest):
        raise bad_environment(f"{name} must be a number between 1 and {largest}")
    return int(text)


def secret(path: Path) -> str:
    """Return the one line of a secret's file; the message never repeats it."""
    try:
        content = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise bad_environment(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise bad_environment(f"{path} is not text") from error
    if not content:
        raise bad_environment(f"{path} is empty")
    return content


def bad_environment(message: str) -> Refusal:
    """Return the refusal of a container that was told nonsense."""
    return Refusal(status=EXIT_BAD_DIRECTORY, code="bad_environment", message=message)


def hold(data: Path) -> None:
    """Take the lock of the data until the process ends; raise Refusal when it cannot be had."""
    try:
        take_lock(data)
    except BlockingIOError as error:
        message = f"another process works on {data}"
        raise Refusal(status=EXIT_LOCKED, code="data_locked", message=message) from error
    except OSError as error:
        raise unusable(data, error) from error


def web(told: Told) -> None:
    """Serve the shop until a signal comes."""
    from sandbox.app import build_app

    hold(told.data)
    with (
        bind(told.release.host, told.release.port) as listener,
        opened(told.data, told.release, told.secrets) as shop,
    ):
        serve(shop, logged(build_app(shop)), listener)


def logged(app: ASGIApp) -> ASGIApp:
    """Log each answer: method, path, status, milliseconds. Queries may hold secrets and are not."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.monotonic(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await app(scope, receive, noted)
        finally:
            path = scope.get("path", "")
            if status >= 400 or not path.endswith(PROBES):
                took = round((time.monotonic() - started) * 1000)
                log.info("%s %r %d %d ms", scope.get("method", "-"), path, status, took)

    return wrapped


def backup(told: Told) -> None:
    """Save the shop's data in the volume of backups."""
    from sandbox import backups

    place = backups.backup(
        told.data,
        told.backups,
        uid=told.release.uid,
        session_key=told.secrets.session_key,
        keep=told.keep,
    )
    log.info("saved in %s", place)


def tell(told: Told) -> None:
    """Leave which backups there are as the container's last words, and on its output."""
    from sandbox import backups

    lines = backups.listed(told.backups)
    told.last_words.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for line in lines:
        print(line)  # noqa: T201 - this is what it is for.


def restore(told: Told, name: str) -> None:
    """Put a backup in the place of the data while nothing serves it."""
    from sandbox import backups

    hold(told.data)
    key = told.secrets.session_key
    if backups.restore(told.data, told.backups, name, session_key=key):
        log.info("restored from %s; what was there before is kept as %s", name, backups.BEFORE)
    else:
        log.info("%s is in place already", name)


def main() -> int:
    """Return the exit code of one container; those of `process.run`, and 1 for a backup's."""
    parser = argparse.ArgumentParser(prog="shop", description="The sandbox shop in a container.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="web|backup|list|restore")
    verbs.add_parser("web", help="serve the shop")
    verbs.add_parser("backup", help="save its data")
    verbs.add_parser("list", help="tell which copies there are")
    verbs.add_parser("restore", help="put a copy in place").add_argument("name")
    asked = parser.parse_args()
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format=form)
    try:
        told = read_environment(os.environ)
        if asked.verb == "web":
            web(told)
        else:
            return copied(told, asked)
    except Refusal as refusal:
        log.error("%s: %s", refusal.code, refusal.message)  # noqa: TRY400 - no traceback
        return refusal.status
    return 0


def copied(told: Told, asked: argparse.Namespace) -> int:
    """Make or use a backup; return the exit code."""
    from sandbox.backups import BackupError

    try:
        if asked.verb == "backup":
            backup(told)
        elif asked.verb == "list":
            tell(told)
        else:
            restore(told, asked.name)
    except BackupError as error:
        log.error("%s_failed: %s", asked.verb, error)  # noqa: TRY400 - no traceback
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
