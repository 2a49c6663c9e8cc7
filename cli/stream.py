"""Server-sent events as the API sends them; `cli.client` yields them, `cli.wait` follows them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ServerEvent:
    """One event: `data` is its text, `id` is what a reconnect continues after."""

    event: str
    data: str
    id: str | None


def parse(lines: Iterable[bytes]) -> Iterator[ServerEvent]:
    """Yield the events of a stream (WHATWG HTML, 9.2.6); an unfinished last one is dropped."""
    kind, data, last = "message", list[str](), None
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if data:
                yield ServerEvent(event=kind, data="\n".join(data), id=last)
            kind, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            kind = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            last = value
