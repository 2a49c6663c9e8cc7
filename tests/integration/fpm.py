"""A stand-in for PHP-FPM: answers each request with the address that it was asked for.

`shop web` starts it as `php-fpm` in test_image_storefront: python fpm.py SOCKET…, one a pool. With
FPM_DELAY it listens only after so many seconds, and it tells of each request.
"""

import os
import signal
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO

HEADER = struct.Struct(">BBHHBx")
"""Version, type, request, length of the content, length of the padding."""
END_REQUEST, PARAMS, STDIN, STDOUT = 3, 4, 5, 6


def records(stream: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Give type, request and content of each record."""
    while head := stream.read(HEADER.size):
        _, kind, request, length, padding = HEADER.unpack(head)
        content = stream.read(length)
        stream.read(padding)
        yield kind, request, content


def pairs(content: bytes) -> dict[bytes, bytes]:
    """Read names and values, each with its length ahead."""
    found, at = {}, 0
    while at < len(content):
        lengths = []
        for _ in range(2):
            short = content[at] < 0x80
            size = 1 if short else 4
            lengths.append(int.from_bytes(content[at : at + size]) & 0x7FFFFFFF)
            at += size
        name, value = lengths
        found[content[at : at + name]] = content[at + name : at + name + value]
        at += name + value
    return found


class Answer(socketserver.StreamRequestHandler):
    """One connection, which nginx uses for one request."""

    def handle(self) -> None:
        """Answer when all of the request is there."""
        params = b""
        for kind, request, content in records(self.rfile):
            if kind == PARAMS:
                params += content
            if kind == STDIN and not content:
                path = pairs(params)[b"REQUEST_URI"]
                sys.stdout.write(f"asked for {path.decode()}\n")
                sys.stdout.flush()
                said = b"Content-Type: text/plain\r\n\r\nPHP " + path
                for answered, text in ((STDOUT, said), (STDOUT, b""), (END_REQUEST, bytes(8))):
                    self.wfile.write(HEADER.pack(1, answered, request, len(text), 0) + text)
                return


if __name__ == "__main__":
    time.sleep(float(os.environ.get("FPM_DELAY", "0")))
    signal.signal(signal.SIGQUIT, lambda *_: sys.exit(0))
    pools = [socketserver.ThreadingUnixStreamServer(path, Answer) for path in sys.argv[1:]]
    for pool in pools[1:]:
        threading.Thread(target=pool.serve_forever, daemon=True).start()
    pools[0].serve_forever()
