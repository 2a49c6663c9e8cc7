"""A Redis server that can be killed and started again; the `redis_*` fixtures use it."""

import contextlib
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from tests.services import process

if TYPE_CHECKING:
    import subprocess


class RedisServer:
    """A server that keeps nothing on disk; `kill` and `start` show what happens without it."""

    def __init__(self, program: Path, directory: Path) -> None:
        self.port = process.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._log = directory / "log"
        self._command: list[str | Path] = [program, "--port", str(self.port)]
        self._command += ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, empty, on the port it always had."""
        self._process = process.start(self._command, log=self._log)
        process.wait_until_ready(self._process, self.answers, log=self._log)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the server if it runs."""
        if self._process is not None:
            process.stop(self._process, how)
            self._process = None

    def kill(self) -> None:
        """End the server without giving it a chance to say goodbye."""
        self.stop(signal.SIGKILL)

    def answers(self) -> bool:
        """Tell whether the server takes commands."""
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    def empty(self) -> None:
        """Forget everything."""
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()


@contextlib.contextmanager
def running(program: Path) -> Iterator[RedisServer]:
    """Run a server until the context ends."""
    with tempfile.TemporaryDirectory(prefix="storectl-redis-") as directory:
        server = RedisServer(program, Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop()
