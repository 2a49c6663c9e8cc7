"""Where shoppers reach the websites of a store: the public addresses.

How *we* reach a shop is its stack's endpoint, and no public address is ever made of that, but for
shops of this machine, which everybody reaches in the same way.
"""

from urllib.parse import urlsplit, urlunsplit
from zlib import crc32

from controller.domain.stack import EXTERNAL, Stack
from controller.domain.store import MAIN_SITE, StoreSpec

_LABEL = 63
"""What a label of a host name may have (RFC 1123)."""


def addresses(spec: StoreSpec, stack: Stack) -> dict[str, str]:
    """The address of every website by its code, without a slash at the end.

    A shop that somebody else runs keeps those that it has: only what is asked for is named.
    """
    named = {site.code: site.url for site in spec.sites if site.url}
    if stack.driver == EXTERNAL:
        return named
    main = (stack.url or "").rstrip("/")
    derived = {site.code: beside(main, site.code) for site in spec.sites}
    return {MAIN_SITE: main, **derived, **named}


def beside(url: str, code: str) -> str:
    """The address of a further website that has none of its own.

    It stays below the main one's domain, where a wildcard record and certificate reach: beside
    acme.shops.example.com it is acme-us.shops.example.com. Addresses of a machine have no domain.
    """
    parts = urlsplit(url)
    label, _, domain = (parts.hostname or "").partition(".")
    name = code.replace("_", "-")
    host = f"{_label(f'{label}-{name}')}.{domain}"
    if not domain or domain.replace(".", "").isdigit():
        host = f"{_label(name)}.localhost"
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, f"{host}{port}", "", "", ""))


def _label(text: str) -> str:
    """A text as a label of a host name; what is too long or ends badly ends in a checksum."""
    if len(text) <= _LABEL and not text.endswith("-"):
        return text
    ending = f"-{crc32(text.encode()):08x}"
    return f"{text[: _LABEL - len(ending)].rstrip('-')}{ending}"


def further_hosts(spec: StoreSpec, url: str) -> dict[str, str]:
    """The host of each further website with its code, beside the main one's address."""
    found = ((urlsplit(site.url or beside(url, site.code)).hostname, site) for site in spec.sites)
    return {host: site.code for host, site in found if host}


def authority(url: str) -> str:
    """What of an address two stores cannot both have: the host, which ingresses tell apart alone.

    On a machine's own names the port tells shops apart.
    """
    parts = urlsplit(url.lower())
    host = (parts.hostname or "").rstrip(".")
    local = host == "localhost" or host.endswith(".localhost") or host.replace(".", "").isdigit()
    return f"{host}:{parts.port}" if local and parts.port else host


def claims(spec: StoreSpec, url: str | None) -> list[tuple[str, str]]:
    """What a store takes of the world's host names, each with the code of the website that does.

    Without a main address a store is on this machine, at a port that is nobody else's.
    """
    main = [(authority(url), MAIN_SITE)] if url else []
    named = ((site.url or (url and beside(url, site.code)), site.code) for site in spec.sites)
    return main + [(authority(found), code) for found, code in named if found]
