"""Which control plane to talk to and as whom: flags, the environment, then a local `make up`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from controller import i18n

DEFAULT_SERVER = "http://127.0.0.1:8080"
CHECKOUT = Path(i18n.__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A server's base address, the token for it, and the data directory it was found through."""

    server: str
    token: str | None
    home: Path | None


def home_candidates(environ: Mapping[str, str], cwd: Path) -> list[Path]:
    """Return where a local control plane may keep its data, best first.

    A home that is named is the only one: falling back from it could act on another's stores.
    """
    if named := environ.get("STORECTL_HOME"):
        return [Path(named)]
    return [cwd / "var", CHECKOUT / "var"]


def discover(
    server: str | None, token: str | None, environ: Mapping[str, str], cwd: Path
) -> Connection:
    """Return the connection to use; a token found on disk goes only to the server beside it."""
    server = server or environ.get("STORECTL_SERVER") or None
    token = _token(token or environ.get("STORECTL_TOKEN"))
    for home in home_candidates(environ, cwd):
        local = _announced(home)
        if local is None:
            continue
        if server is None or _same(server, local):
            return Connection(
                server=(server or local).rstrip("/"),
                token=token or _token(_text(home / "operator.token")),
                home=home,
            )
        break
    return Connection(server=(server or DEFAULT_SERVER).rstrip("/"), token=token, home=None)


def _token(text: str | None) -> str | None:
    """A token without what stands around it when it was copied; raises TokenFaultError."""
    found = (text or "").strip()
    if any(not char.isprintable() or char.isspace() or not char.isascii() for char in found):
        from cli.errors import TokenFaultError  # noqa: PLC0415 -- only failures pay for it.

        raise TokenFaultError
    return found or None


def _announced(home: Path) -> str | None:
    """Return the address that a control plane wrote into its home."""
    text = _text(home / "controller.json")
    try:
        server = json.loads(text)["server"] if text else None
    except (ValueError, KeyError, TypeError):
        return None
    return server if isinstance(server, str) else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, ValueError):
        return None


def _same(one: str, other: str) -> bool:
    return one.rstrip("/").lower() == other.rstrip("/").lower()
