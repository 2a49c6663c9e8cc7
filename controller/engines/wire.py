"""One HTTP exchange after another with a shop, limited in time and size. `rest` sends through this.

The limit of time is for the whole exchange: a shop that sends one byte a second is as dead as one
that sends none, and must not hold a worker for longer.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from controller.domain.errors.shops import (
    ShopCertificateAgeError,
    ShopCertificateNameError,
    ShopNameUnknownError,
    ShopTlsError,
    ShopUnreachableError,
    ShopUnreadableError,
    ShopUntrustedError,
    ShopWayError,
)
from controller.engines.answers import Answer
from controller.engines.beside import context

LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes; a shop's largest answer that makes sense is a page of orders."""
_CONNECT_SECONDS = 5.0


class Wire:
    """A kept connection to one endpoint; not shared between threads."""

    _connection: http.client.HTTPConnection

    def __init__(self, endpoint: str, trust: str = "") -> None:
        """`trust` are certificates of authorities that count beside the system's."""
        parts = urlsplit(endpoint)
        self._base = parts.path.rstrip("/")
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(host, port, context=context(trust))
        else:
            self._connection = http.client.HTTPConnection(host, port)

    def exchange(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        seconds: float,
    ) -> Answer:
        """Send a request and return the whole answer, within `seconds`.

        Raises ShopUnreachableError, of the kind that says why, when nobody answers in time, and
        ShopUnreadableError when what comes is cut off, too long or not HTTP. Redirects are answers
        like others.
        """
        end = time.monotonic() + seconds
        try:
            self._connect(end)
            self._connection.request(method, self._base + path, content, dict(headers))
            with self._connection.getresponse() as response:
                return Answer(
                    status=response.status, headers=response.headers, body=_whole(response)
                )
        except TimeoutError as error:
            self.close()
            raise ShopUnreachableError(detail=f"no whole answer in {seconds:g} s") from error
        except (OSError, UnicodeError) as error:
            self.close()
            raise unreached(self._connection.host, error) from error
        except http.client.IncompleteRead as error:
            self.close()
            raise ShopUnreadableError(detail="the answer broke off") from error
        except http.client.HTTPException as error:
            self.close()
            detail = f"not HTTP ({type(error).__name__})"
            raise ShopUnreadableError(detail=detail) from error
        except ShopUnreadableError:
            self.close()
            raise

    def _connect(self, end: float) -> None:
        """Have a connection whose every wait ends with the exchange."""
        connection = self._connection
        if connection.sock is None:
            connection.timeout = min(_left(end), _CONNECT_SECONDS)
            connection.connect()
        connection.sock.settimeout(_left(end))
        answered: Any = partial(_response, end)
        connection.response_class = answered

    def close(self) -> None:
        """Close the connection; the next exchange opens one."""
        self._connection.close()


_OF_CERTIFICATES: Mapping[int, type[ShopWayError]] = {
    9: ShopCertificateAgeError,
    10: ShopCertificateAgeError,
    62: ShopCertificateNameError,
    64: ShopCertificateNameError,
}
"""By OpenSSL's number for why it does not accept one; every other is a matter of trust."""


def unreached(host: str, error: Exception) -> ShopUnreachableError:
    """What kept us from a host."""
    detail = str(error) or type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        kind = _OF_CERTIFICATES.get(error.verify_code, ShopUntrustedError)
        return kind(host=host, detail=error.verify_message or detail)
    if isinstance(error, ssl.SSLError):
        return ShopTlsError(host=host, detail=(error.reason or detail).replace("_", " ").lower())
    if isinstance(error, socket.gaierror):
        return ShopNameUnknownError(host=host, detail=error.strerror or detail)
    return ShopUnreachableError(detail=detail)


def _whole(response: http.client.HTTPResponse) -> bytes:
    """The body, refused as soon as it is known to be too long or cut off."""
    body = b""
    if (response.length or 0) <= LONGEST_ANSWER:
        body = response.read(LONGEST_ANSWER + 1)
    if len(body) > LONGEST_ANSWER or (response.length or 0) > LONGEST_ANSWER:
        limit = LONGEST_ANSWER // 1024 // 1024
        raise ShopUnreadableError(detail=f"the answer is longer than {limit} MB")
    if response.length:
        raise ShopUnreadableError(detail="the answer broke off")
    return body


def _response(
    end: float, sock: socket.socket, *args: Any, **options: Any
) -> http.client.HTTPResponse:
    patient: Any = _Patient(sock, end)
    return http.client.HTTPResponse(patient, *args, **options)


@dataclass(frozen=True)
class _Patient:
    """The part of a socket that a response reads through."""

    sock: socket.socket
    end: float

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 -- it is always "rb".
        return io.BufferedReader(_Clocked(self.sock, self.end))


class _Clocked(io.RawIOBase):
    """Reads from a socket as long as there is time left."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._end = end
        # A file of the socket's own keeps it open until the response was read.
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._end))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def _left(end: float) -> float:
    """Seconds until a moment of the monotonic clock; raises TimeoutError when it is over."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
