"""Where exchange rates come from, behind one protocol; what they say is read strictly.

An answer is taken whole or not at all: one rate that is zero, negative or no number says that the
source is broken. A code that is no known currency is left out and named, so that a new currency in
the world does not stop the others. `bootstrap.wiring` makes the one that the settings name.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import aiohttp
from pydantic import SecretStr

from controller.commerce.rate_formats import MalformedError, ecb, frankfurter, openexchangerates
from controller.commerce.rates import Answer
from controller.domain.errors.rates import RatesRefusedError, RatesUnavailableError

LARGEST = 1024 * 1024
"""Bytes of an answer; the longest that is known has 10,000."""

ECB_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
FRANKFURTER_URL = "https://api.frankfurter.dev/v1/latest?base=EUR"
OPENEXCHANGERATES_URL = "https://openexchangerates.org/api/latest.json"

Parse = Callable[[bytes], Answer]


class RateSource(Protocol):
    """Something that says exchange rates."""

    name: str

    async def fetch(self) -> Answer:
        """What it says now; raises RatesUnavailableError or RatesRefusedError."""


class WebSource:
    """A source on the web. The proxy of the environment is used, redirects are not followed."""

    def __init__(
        self, name: str, url: str, parse: Parse, *, timeout: float, app_id: SecretStr | None = None
    ) -> None:
        self.name = name
        self._url = url
        self._parse = parse
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._app_id = app_id

    async def fetch(self) -> Answer:
        """Ask it."""
        headers = {"Accept": "application/json, application/xml, text/xml"}
        if self._app_id is not None:
            # Not in the address, which ends up in logs of proxies.
            headers["Authorization"] = f"Token {self._app_id.get_secret_value()}"
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, trust_env=True) as session,
                session.get(self._url, headers=headers, allow_redirects=False) as answer,
            ):
                raw = await self._read(answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            detail = type(error).__name__
            raise RatesUnavailableError(source=self.name, detail=detail) from error
        if answer.status != 200:
            detail = f"HTTP {answer.status}"
            if answer.status >= 500 or answer.status == 429:
                raise RatesUnavailableError(source=self.name, detail=detail)
            raise RatesRefusedError(source=self.name, detail=detail)
        return read(self.name, raw, self._parse)

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        """The body, which may have been packed small and be large."""
        parts, size = [], 0
        async for part in answer.content.iter_chunked(65_536):
            size += len(part)
            if size > LARGEST:
                raise RatesRefusedError(source=self.name, detail="the answer is too long")
            parts.append(part)
        return b"".join(parts)


class FileSource:
    """A file on this machine: the ECB's XML, or JSON as Frankfurter writes it."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    async def fetch(self) -> Answer:
        """Read it."""
        try:
            with self._path.open("rb") as file:
                raw = file.read(LARGEST + 1)
        except OSError as error:
            detail = error.strerror or type(error).__name__
            raise RatesUnavailableError(source=self.name, detail=detail) from error
        if len(raw) > LARGEST:
            raise RatesRefusedError(source=self.name, detail="the file is too long")
        is_xml = raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        return read(self.name, raw, ecb if is_xml else frankfurter)


def read(name: str, raw: bytes, parse: Parse) -> Answer:
    """Parse an answer under the source's own name; raises RatesRefusedError."""
    try:
        found = parse(raw)
    except MalformedError as error:
        raise RatesRefusedError(source=name, detail=str(error)) from error
    return Answer(
        provider=name,
        base=found.base,
        as_of=found.as_of,
        rates=found.rates,
        ignored=found.ignored,
    )


def source(
    name: str, *, url: str = "", app_id: SecretStr | None = None, timeout: float = 10.0
) -> RateSource | None:
    """The source of a name, at another address if one is given; None for `none`."""
    if name == "file":
        return FileSource(Path(url.removeprefix("file://")))
    known: dict[str, tuple[str, Parse]] = {
        "ecb": (ECB_URL, ecb),
        "frankfurter": (FRANKFURTER_URL, frankfurter),
        "openexchangerates": (OPENEXCHANGERATES_URL, openexchangerates),
    }
    if name not in known:
        return None
    usual, parse = known[name]
    key = app_id if name == "openexchangerates" else None
    return WebSource(name, url or usual, parse, timeout=timeout, app_id=key)
