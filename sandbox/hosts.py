"""Which website answers at which host: the one whose own base address names it.

`pages` asks for every page. The REST API names its view in the address instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sandbox.config import Settings

PATHS = ("web/unsecure/base_url", "web/secure/base_url")
USUAL_PORTS = {"http": 80, "https": 443}


def website_at(settings: Settings, host: str) -> int | None:
    """Return the website whose own base address has this host and port, None when none has."""
    wanted = host.strip().lower()
    for (scope, website, path), url in sorted(settings.stored.items()):
        if scope == "websites" and path in PATHS and wanted in names(url):
            return website
    return None


def names(url: str) -> set[str]:
    """Return how a browser may name the host of an address: with its port, and without a usual one.

    An address that cannot be read has none.
    """
    try:
        parts = urlsplit(url.lower())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return set()
    usual = USUAL_PORTS.get(parts.scheme)
    host = f"[{host}]" if ":" in host else host
    return {host, f"{host}:{usual}"} if port in (None, usual) else {f"{host}:{port}"}
