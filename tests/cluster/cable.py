"""A way to a TCP server that a test cuts and mends: `test_terraform_leases` puts it before one."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cable:
    """Passes bytes on to a port of this machine; `running` makes one."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._down = False
        self.port: int = self._server.getsockname()[1]

    @property
    def down(self) -> bool:
        """Whether it is cut: no connection lives, and a new one is closed at once."""
        return self._down

    @down.setter
    def down(self, cut: bool) -> None:
        with self._lock:
            self._down = cut
            ends = list(self._open) if cut else []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Pass on what comes until the server is closed."""
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def close(self) -> None:
        self.down = True
        # A close alone does not wake who waits in accept.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _join(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            if self._down:
                return
            with socket.create_connection(("127.0.0.1", self._target)) as far:
                with self._lock:
                    self._open |= {near, far}
                back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                back.start()
                _pump(near, far)
                back.join()
                with self._lock:
                    self._open -= {near, far}


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(65_536):
            sink.sendall(block)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def running(port: int) -> Iterator[Cable]:
    """Run one before a port."""
    cable = Cable(port)
    thread = threading.Thread(target=cable.serve)
    thread.start()
    try:
        yield cable
    finally:
        cable.close()
        thread.join()
