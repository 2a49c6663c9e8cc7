"""Whether shoppers get as far as a cluster's door: its wildcard name, and the certificate there.

Asked from where the control plane runs, which may see less than shoppers do.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from typing import Any

from provisioners.base import Finding

_NAME = "storectl-check"
"""Before the domain: a name that no shop has, so that only a wildcard leads anywhere."""
_SECONDS = 4.0
_PORTS = {True: 443, False: 80}
_Resolve = Callable[[str, int], Sequence[tuple[Any, ...]]]


def look(
    domain: str,
    *,
    tls: bool,
    certified: bool = True,
    trust: str = "",
    resolve: _Resolve = socket.getaddrinfo,
    port: int | None = None,
) -> Iterator[Finding]:
    """What is in the way; `certified` says whether one certificate is to be good for every name."""
    host, port = f"{_NAME}.{domain}", port or _PORTS[tls]
    # A resolver that does not answer takes its time.
    pool = ThreadPoolExecutor(1, thread_name_prefix="frontdoor")
    try:
        address = pool.submit(resolve, host, port).result(_SECONDS)[0][4]
    except LateError:
        yield Finding(code="domain_unresolved", about=f"*.{domain}", detail="no answer in time")
        return
    except (OSError, UnicodeError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        yield Finding(code="domain_unresolved", about=f"*.{domain}", detail=detail)
        return
    finally:
        pool.shutdown(wait=False)
    yield from _of_door(host, address, tls=tls and certified, trust=trust)


def _of_door(host: str, address: tuple[Any, ...], *, tls: bool, trust: str) -> Iterator[Finding]:
    try:
        with socket.create_connection(address[:2], timeout=_SECONDS) as door:
            if tls:
                context = ssl.create_default_context()
                if trust:
                    context.load_verify_locations(cadata=trust)
                context.wrap_socket(door, server_hostname=host).close()
    except ssl.SSLError as error:
        detail = getattr(error, "verify_message", "") or error.reason or str(error)
        yield Finding(code="certificate_refused", about=host, detail=detail)
    except OSError as error:
        detail = error.strerror or str(error)
        yield Finding(
            code="door_closed", about=f"{host} ({address[0]}:{address[1]})", detail=detail
        )
