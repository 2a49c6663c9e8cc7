"""The one spelling of a website's address: two spellings of one address are the same website.

Shops and ingresses tell websites apart by their hosts alone, so no two websites share a host.
"""

import re
from typing import Final
from urllib.parse import urlsplit

_AUTHORITY: Final = re.compile(r"(https?)://([^\s/?#@\\]+)/?", re.IGNORECASE)
_PORT: Final = re.compile(r"(.*?)(?::([0-9]{1,5}))?")
_USUAL: Final = {"http": 80, "https": 443}
_LONGEST: Final = 253
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


def website_url(text: str) -> str | None:
    """An address of http or https in its one spelling; None when it is none.

    The host is a name: in lower case, in its IDNA form, without a dot at its end. A usual port goes
    without saying, and nothing follows the port.
    """
    found = _AUTHORITY.fullmatch(text.strip(" "))
    if found is None:
        return None
    scheme, (name, port) = found[1].lower(), _host_and_port(found[2])
    host = host_name(name)
    if host is None or port == 0 or (port or 0) > 65535:
        return None
    return f"{scheme}://{host}" if port in {None, _USUAL[scheme]} else f"{scheme}://{host}:{port}"


def _host_and_port(authority: str) -> tuple[str, int | None]:
    parts = _PORT.fullmatch(authority)
    name, port = parts.groups() if parts else (authority, None)
    return name, int(port) if port else None


def host_name(text: str) -> str | None:
    """A host's name in its one spelling (RFC 1123, IDNA 2008); None when it is none.

    An address in numbers is no name: it can have no certificate and no website beside another.
    """
    import idna  # noqa: PLC0415 -- takes 20 ms; the command line never needs it.

    try:
        host = idna.encode(text.removesuffix("."), uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    host = host.lower()
    # Browsers take a name whose last label is a number for an address.
    numeric = _NUMBER.fullmatch(host.rpartition(".")[2]) is not None
    return None if numeric or host.endswith(".") or len(host) > _LONGEST else host


def host_of(url: str) -> str:
    """The host of an address."""
    return urlsplit(url).hostname or ""
