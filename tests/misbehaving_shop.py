"""A shop that misbehaves on purpose, over a real socket: silent, slow, cut off, wrong."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

LIMIT = 0.2
"""Seconds that a call may take in these tests."""
Answering = Callable[[socket.socket, bytes], None]
PAGE = b"<!doctype html><title>Shop</title>"
NO_RIGHT = (
    b'{"message":"The consumer isn\'t authorized to access %resources.",'
    b'"parameters":{"resources":"Magento_Sales::ship"}}'
)


@contextmanager
def shop(answer: Answering) -> Iterator[str]:
    """A server that reads each request whole and then does as told; gives its address."""
    server = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                peer, _ = server.accept()
            except OSError:
                return
            peer.settimeout(5)
            with peer:
                try:
                    while request := received(peer):
                        answer(peer, request)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        ended.set()
        # Closing alone does not wake a thread that waits for a caller.
        with closing(socket.create_connection(server.getsockname(), timeout=5)):
            pass
        thread.join(10)
        server.close()


def received(peer: socket.socket) -> bytes:
    """The head of a request, once its body is there too; nothing when the caller left."""
    request = b""
    while b"\r\n\r\n" not in request:
        part = peer.recv(65536)
        if not part:
            return b""
        request += part
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"),
        0,
    )
    while len(body) < length:
        body += peer.recv(65536)
    return head


def whole(
    body: bytes, status: str = "200 OK", kind: str = "application/json", **headers: str
) -> bytes:
    """A whole answer."""
    named = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{named}"
    return head.encode() + b"\r\n" + body


def says(content: bytes) -> Answering:
    """Answer with these bytes."""
    return lambda peer, _request: peer.sendall(content)


def breaks(content: bytes) -> Answering:
    """Answer with these bytes and hang up."""

    def answer(peer: socket.socket, _request: bytes) -> None:
        peer.sendall(content)
        peer.shutdown(socket.SHUT_RDWR)

    return answer


def drips(head: bytes) -> Answering:
    """Send a byte now and then: never silent for long, and never done."""

    def answer(peer: socket.socket, _request: bytes) -> None:
        peer.sendall(head)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            peer.sendall(b" ")
            time.sleep(LIMIT / 8)

    return answer


def silent(peer: socket.socket, _request: bytes) -> None:
    """Answer nothing."""
    peer.recv(1)
