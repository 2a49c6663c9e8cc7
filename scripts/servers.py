"""Processes that are kept alive, and the servers among them; `scripts.distributed` calls it.

The data of PostgreSQL stay in a directory; Redis keeps nothing, because nothing in it has to last.
"""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.services import process
from tests.services.catalog import SERVICES, WHEELS

_QUICKLY = 30.0
"""A process that ends within these seconds of its start is started again later and later."""
_SLOWEST = 30.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class UnusableError(Exception):
    """It cannot run here; the text says why and what to do."""


@dataclass(kw_only=True)
class Child:
    """A process that is kept alive: started again when it ends, ever more slowly if it keeps to."""

    name: str
    command: Sequence[str | Path]
    log: Path
    environ: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    configuration: str = ""
    """Written to its standard input, for what must not stand in the list of processes."""
    ending: signal.Signals = signal.SIGTERM
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _again: float = 0.0
    _failures: int = 0

    def start(self) -> "Child":
        """Start it in a session of its own, so that Ctrl-C reaches it through us, in order."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 -- the commands are ours.
                self.command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environ,
                start_new_session=True,
                preexec_fn=_end_with_us,  # noqa: PLW1509 -- it only calls the kernel.
                **self.options,
            )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as stdin:
                stdin.write(self.configuration.encode())
        self._started = time.monotonic()
        return self

    def await_ready(self, ready: Callable[[], bool]) -> None:
        """Wait until it answers; raises RuntimeError with its log when it does not."""
        if self._process is not None:
            process.wait_until_ready(self._process, ready, log=self.log)

    def tend(self) -> None:
        """Start it again when it has ended, and say so."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            quickly = now - self._started < _QUICKLY
            self._failures = self._failures + 1 if quickly else 1
            pause = min(_SLOWEST, 0.5 * 2 ** (self._failures - 1))
            say(
                f"{self.name} ended ({_how(self._process.returncode)}) and is started again"
                f" in {pause:g} s; its log: {self.log}"
            )
            self._process, self._again = None, now + pause
        if self._process is None and now >= self._again:
            self.start()

    def ask(self) -> None:
        """Ask it to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.ending)

    def stop(self, seconds: float = 15) -> None:
        """End it and wait, with SIGKILL after some seconds."""
        if self._process is not None:
            process.stop(self._process, self.ending, seconds)


def _how(status: int) -> str:
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name


def _end_with_us() -> None:
    # When we are killed nobody would end it; the kernel then does (Linux only).
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def program(name: str) -> Path:
    """Where a service's programs are; raises UnusableError."""
    service = SERVICES[name]
    if (found := service.find()) is None:
        raise UnusableError(f"{service.title} is missing: {service.reason}. {service.remedy}")
    return found


def kept_secret(path: Path) -> str:
    """The secret in a file, made for the owner's eyes only when there is none."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text()


@contextlib.contextmanager
def postgres(directory: Path, log: Path) -> Iterator[tuple[Child, str]]:
    """A PostgreSQL server whose data stay, and the address of its database."""
    user = process.unprivileged_user()
    directory.mkdir(parents=True, exist_ok=True)
    password = kept_secret(directory / "password")
    if user is not None:
        for path in (directory, directory / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)
    as_user = process.as_user(user)
    programs, data = _reachable(program("postgres"), directory, as_user), directory / "data"
    if not (data / "PG_VERSION").exists():
        _initialize(programs, directory, as_user)
    port = process.free_port()
    settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200")
    command: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port)]
    child = Child(
        name="PostgreSQL",
        command=[*command, *(part for setting in settings for part in ("-c", setting))],
        log=log,
        environ=_plain(directory),
        options={"cwd": directory, **as_user},
        # Its fast shutdown: it does not wait for open connections.
        ending=signal.SIGINT,
    ).start()
    address = f"postgresql://storectl:{password}@127.0.0.1:{port}"
    try:
        child.await_ready(lambda: _answers(f"{address}/postgres"))
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            known = "SELECT 1 FROM pg_database WHERE datname = 'storectl'"
            if connection.execute(known).fetchone() is None:
                connection.execute("CREATE DATABASE storectl")
        yield child, f"{address}/storectl"
    finally:
        child.stop()


def _plain(directory: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(directory)}


def _reachable(programs: Path, directory: Path, as_user: Mapping[str, Any]) -> Path:
    """The programs where the server's user can start them; raises UnusableError."""
    for place in (programs, directory / "wheels" / "pgserver" / "pginstall" / "bin"):
        try:
            subprocess.run(  # noqa: S603
                [str(place / "postgres"), "--version"],
                check=True,
                capture_output=True,
                cwd=directory,
                **as_user,
            )
        except (PermissionError, FileNotFoundError) as error:
            if error.filename == str(directory):
                text = (
                    f"PostgreSQL does not run as root, and its user cannot enter {directory}."
                    " Set STORECTL_HOME to a directory that everybody may enter."
                )
                raise UnusableError(text) from error
            if programs.is_relative_to(WHEELS):
                # The wheel's programs look for their libraries beside them.
                shutil.copytree(WHEELS, directory / "wheels", symlinks=True, dirs_exist_ok=True)
        else:
            return place
    raise UnusableError(f"PostgreSQL's user cannot start {programs}/postgres.")


def _initialize(programs: Path, directory: Path, as_user: Mapping[str, Any]) -> None:
    say("Making a PostgreSQL database in " + str(directory))
    command: list[str | Path] = [programs / "initdb", "--pgdata", directory / "data"]
    command += ["--username=storectl", f"--pwfile={directory / 'password'}", "--auth=scram-sha-256"]
    done = subprocess.run(  # noqa: S603
        [*command, "--encoding=UTF8", "--no-locale"],
        check=False,
        capture_output=True,
        env=_plain(directory),
        cwd=directory,
        **as_user,
    )
    if done.returncode:
        raise UnusableError(f"initdb failed: {done.stderr.decode(errors='replace')}")


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def redis_server(log: Path) -> Iterator[tuple[Child, str]]:
    """A Redis server and its address, with a password of this run's own."""
    port, password = process.free_port(), secrets.token_urlsafe(24)
    lines = [f"port {port}", f"requirepass {password}", "bind 127.0.0.1", 'save ""']
    lines += ["appendonly no", "maxmemory 64mb", "maxmemory-policy noeviction"]
    child = Child(
        name="Redis",
        command=[program("redis"), "-"],
        log=log,
        environ=_plain(log.parent),
        options={"cwd": log.parent},
        configuration="\n".join(lines) + "\n",
    ).start()
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    try:
        child.await_ready(lambda: _pings(url))
        yield child, url
    finally:
        child.stop()


def _pings(url: str) -> bool:
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
