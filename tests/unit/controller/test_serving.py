"""Connections that keep the server waiting, over real sockets."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from controller.bootstrap import serving

pytestmark = pytest.mark.usefixtures("impatient")
Connect = Callable[[], socket.socket]


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    large = scope["path"] == "/large"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(2000 if large else 0):
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture(scope="module")
def impatient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "HEAD_SECONDS", 0.4)
        patch.setattr(serving, "BODY_SECONDS", 0.4)
        patch.setattr(serving, "WHOLE_SECONDS", 1.5)
        patch.setattr(serving, "STALLED_SECONDS", 0.6)
        patch.setattr(serving, "most_connections", lambda: 20)
        yield


@pytest.fixture(scope="module")
def connect(impatient: None) -> Iterator[Connect]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = uvicorn.Server(serving.configured(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    opened: list[socket.socket] = []

    def new() -> socket.socket:
        opened.append(socket.create_connection(listener.getsockname(), timeout=10))
        return opened[-1]

    yield new
    for one in opened:
        one.close()
    server.should_exit = True
    thread.join(20)
    listener.close()


def heard(connection: socket.socket) -> bytes:
    """Everything up to the end, which must come."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            found += part
    return found


def test_a_connection_that_says_nothing_is_ended(connect: Connect) -> None:
    assert heard(connect()) == b""


def test_headers_that_do_not_end_are_too_slow(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    assert heard(connection).startswith(b"HTTP/1.1 408")


def test_headers_that_drip_in_have_one_deadline(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(60):
            connection.sendall(b"X-Drip: 1\r\n")
            time.sleep(0.05)
        pytest.fail("it was listened to for three seconds")


def test_a_body_that_stops_is_ended_and_one_that_goes_on_is_read(connect: Connect) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8\r\n\r\n"
    stopped, steady = connect(), connect()
    stopped.sendall(head + b"1234")
    steady.sendall(head)
    for _ in range(8):
        steady.sendall(b"x")
        time.sleep(0.1)
    assert heard(steady).endswith(b"8\r\n0\r\n\r\n")
    assert heard(stopped) == b""


def test_a_body_that_drips_in_for_ever_is_ended(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)
        pytest.fail("it was listened to for five seconds")


def test_an_answer_that_nobody_takes_is_ended(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.recv(1)
    time.sleep(1.5)
    # What was under way is still there; it is not all of it.
    assert len(heard(connection)) < 2000 * 65_536


def test_headers_beyond_the_bound_are_refused(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 40_000)
    assert heard(connection).startswith(b"HTTP/1.1 4")


def test_idle_connections_make_room_for_a_request(connect: Connect) -> None:
    crowd = [connect() for _ in range(40)]
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert heard(connection).startswith(b"HTTP/1.1 200")
    assert all(heard(one) == b"" for one in crowd)


def test_requests_on_one_connection_are_answered_in_turn(connect: Connect) -> None:
    connection = connect()
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.sendall(request + request)
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    time.sleep(0.6)
    # Longer than a first request may take to begin: between two, keep-alive counts.
    connection.sendall(last)
    assert heard(connection).count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize(("descriptors", "most"), [(64, 16), (512, 320), (1024, 768)])
def test_connections_leave_descriptors_to_the_rest(descriptors: int, most: int) -> None:
    assert serving.share_of(descriptors) == most
