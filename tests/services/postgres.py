"""A PostgreSQL server in a temporary directory; the `postgres_*` fixtures use it."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.services import process
from tests.services.catalog import WHEELS

OWNER = "storectl"
# Nothing here has to survive a power cut, so nothing waits for the disk.
SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class PostgresServer:
    """A running server that hands out databases; its user is trusted without a password."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = itertools.count(1)

    def url(self, database: str, driver: str = "postgresql+psycopg") -> str:
        """Return the address of a database as SQLAlchemy writes it."""
        return f"{driver}://{OWNER}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run a statement outside of any transaction, as creating a database needs."""
        with psycopg.connect(self.url("postgres", "postgresql"), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Give the address of a new database, a copy of a template; it is dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def answers(self) -> bool:
        """Tell whether the server takes connections."""
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def _reachable(programs: Path, directory: Path, user: pwd.struct_passwd | None) -> Path:
    """Return the programs where the user can start them: a copy when they lie in root's home."""
    try:
        command: list[str | Path] = [programs / "postgres", "--version"]
        subprocess.run(
            command, check=True, capture_output=True, cwd=directory, **process.as_user(user)
        )
    except PermissionError:
        # The wheel's programs look for their libraries beside them, so the whole tree comes along.
        shutil.copytree(WHEELS, directory / "wheels", symlinks=True)
        return directory / "wheels" / programs.relative_to(WHEELS)
    return programs


def _initialize(programs: Path, data: Path, user: pwd.struct_passwd | None) -> None:
    command: list[str | Path] = [programs / "initdb", "--pgdata", data, "--username", OWNER]
    command += ["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
    environment = {**os.environ, "LC_ALL": "C", "HOME": str(data.parent)}
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=data.parent,
        **process.as_user(user),
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def running(programs: Path) -> Iterator[PostgresServer]:
    """Run a server, given where its programs are; as an unprivileged user where this is root."""
    user = process.unprivileged_user()
    with tempfile.TemporaryDirectory(prefix="storectl-postgres-") as temporary:
        directory, data = Path(temporary), Path(temporary) / "data"
        programs = _reachable(programs, directory, user)
        if user is not None:
            os.chown(directory, user.pw_uid, user.pw_gid)
            directory.chmod(0o755)
        _initialize(programs, data, user)
        server = PostgresServer(process.free_port())
        command: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(server.port)]
        for setting in (*SPEED, "listen_addresses=127.0.0.1", "unix_socket_directories="):
            command += ["-c", setting]
        log = directory / "log"
        running_process = process.start(command, log=log, user=user)
        try:
            process.wait_until_ready(running_process, server.answers, log=log)
            yield server
        finally:
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for open connections.
            process.stop(running_process, signal.SIGINT)
