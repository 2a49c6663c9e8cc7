"""A name server for tests: one zone in memory, asked over UDP and changed by RFC 2136 updates."""

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

UPDATE = 5
NXDOMAIN, REFUSED = 3, 5
TYPES = {1: "A", 5: "CNAME", 28: "AAAA"}
_ANY, _NONE = 255, 254

Record = tuple[str, int, int, bytes]
"""Name, type, seconds to live, data."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A record of a message, whatever section it is in."""

    name: str
    kind: int
    kin: int
    ttl: int
    data: bytes


class NameServer(socketserver.ThreadingUDPServer):
    """What is kept in memory, and whether it takes updates."""

    daemon_threads = True

    def __init__(self, zone: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.zone = zone
        self.records: list[Record] = []
        self.refusing = False
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def found(self, name: str) -> list[tuple[str, int]]:
        """Types and times to live of a name's records."""
        with self.lock:
            return [(TYPES[kind], ttl) for known, kind, ttl, _ in self.records if known == name]

    def change_all_away(self) -> None:
        """Somebody removes every record."""
        with self.lock:
            self.records.clear()

    def change(self, part: Part) -> None:
        """Do what one record of an update says."""
        same = [item for item in self.records if item[0] == part.name]
        if part.kin == _ANY:
            gone = [item for item in same if part.kind in {item[1], _ANY}]
        elif part.kin == _NONE:
            gone = [item for item in same if (item[1], item[3]) == (part.kind, part.data)]
        else:
            gone = [item for item in same if (item[1], item[3]) == (part.kind, part.data)]
            self.records.append((part.name, part.kind, part.ttl, part.data))
        for item in gone:
            self.records.remove(item)


class _Handler(socketserver.BaseRequestHandler):
    server: NameServer

    def handle(self) -> None:
        message, socket = self.request
        answer = _answered(message, self.server)
        socket.sendto(answer, self.client_address)


def _answered(message: bytes, server: NameServer) -> bytes:
    number, flags, asked, first, second, _ = struct.unpack_from("!6H", message)
    place, questions = 12, []
    for _ in range(asked):
        name, place = _name(message, place)
        kind, _kin = struct.unpack_from("!2H", message, place)
        place += 4
        questions.append((name, kind))
    body, status, answers = message[12:place], 0, 0
    with server.lock:
        if flags >> 11 & 15 == UPDATE:
            parts, _ = _parts(message, place, first + second)
            if server.refusing or questions[0][0] != server.zone:
                status = REFUSED
            else:
                for part in parts[first:]:
                    server.change(part)
        else:
            for name, kind, ttl, data in server.records:
                if (name, kind) in questions:
                    body += _packed(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data
                    answers += 1
            status = 0 if answers else NXDOMAIN
    header = struct.pack("!6H", number, 0x8400 | flags & 0x7800 | status, asked, answers, 0, 0)
    return header + body


def _parts(message: bytes, place: int, count: int) -> tuple[list[Part], int]:
    found = []
    for _ in range(count):
        name, place = _name(message, place)
        kind, kin, ttl, size = struct.unpack_from("!HHIH", message, place)
        data = message[place + 10 : place + 10 + size]
        place += 10 + size
        found.append(Part(name=name, kind=kind, kin=kin, ttl=ttl, data=data))
    return found, place


def _name(message: bytes, place: int) -> tuple[str, int]:
    words, end = [], 0
    while size := message[place]:
        if size >= 0xC0:
            end = end or place + 2
            place = (size & 0x3F) << 8 | message[place + 1]
            continue
        words.append(message[place + 1 : place + 1 + size].decode())
        place += 1 + size
    return ".".join(words).lower() + ".", end or place + 1


def _packed(name: str) -> bytes:
    words = name.rstrip(".").split(".")
    return b"".join(bytes([len(word)]) + word.encode() for word in words) + b"\0"


@contextlib.contextmanager
def serving(zone: str) -> Iterator[NameServer]:
    """Run a name server for a zone, such as `shops.example.`."""
    with NameServer(zone) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
