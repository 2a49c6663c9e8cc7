"""The shared services of tests: MariaDB and MinIO where they are, a name server of ours."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.terraform_dns import NameServer, serving
from tests.services import process

PROVIDERS = os.environ.get("STORECTL_TEST_PROVIDERS", "")
"""A directory of providers; without it nothing is tested that needs one."""
ADMIN, PASSWORD = "administrator", "an-administrators-password"


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Running services and the environment in which providers reach them."""

    names: NameServer
    database: int
    bucket: int
    environment: dict[str, str]


def missing() -> list[str]:
    """What has to be on this machine and is not."""
    programs = ("mariadbd", "mariadb-install-db", "mariadb", "minio")
    return [name for name in programs if shutil.which(name) is None]


@contextlib.contextmanager
def shared(directory: Path) -> Iterator[Shared]:
    """Run all three."""
    with (
        mariadb(directory) as database,
        minio(directory) as bucket,
        serving("shops.example.") as dns,
    ):
        environment = {
            "MYSQL_ENDPOINT": f"127.0.0.1:{database}",
            "MYSQL_USERNAME": ADMIN,
            "MYSQL_PASSWORD": PASSWORD,
            "MINIO_ENDPOINT": f"127.0.0.1:{bucket}",
            "MINIO_USER": ADMIN,
            "MINIO_PASSWORD": PASSWORD,
            "DNS_UPDATE_SERVER": "127.0.0.1",
            "DNS_UPDATE_PORT": str(dns.port),
        }
        yield Shared(names=dns, database=database, bucket=bucket, environment=environment)


@contextlib.contextmanager
def mariadb(directory: Path) -> Iterator[int]:
    """Run a server with an administrator; give its port."""
    data, log, port = directory / "mariadb", directory / "mariadb.log", process.free_port()
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    setup = directory / "setup.sql"
    setup.write_text(
        # A statement a line. Nobody without a name, who would be taken for everybody local.
        "DELETE FROM mysql.global_priv WHERE User = '';\nFLUSH PRIVILEGES;\n"
        f"CREATE USER {ADMIN}@'%' IDENTIFIED BY '{PASSWORD}';\n"
        f"GRANT ALL ON *.* TO {ADMIN}@'%' WITH GRANT OPTION;\n"
    )
    command = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--port={port}"]
    command += ["--bind-address=127.0.0.1", f"--socket={directory / 'mariadb.sock'}"]
    command += [f"--init-file={setup}", *(["--user=root"] if os.geteuid() == 0 else [])]
    with _running(command, port, log):
        yield port


@contextlib.contextmanager
def minio(directory: Path) -> Iterator[int]:
    """Run a server; give its port."""
    port, log = process.free_port(), directory / "minio.log"
    account = {"MINIO_ROOT_USER": ADMIN, "MINIO_ROOT_PASSWORD": PASSWORD}
    words = [f"{name}={value}" for name, value in account.items()]
    command = ["env", *words, "minio", "server", str(directory / "minio")]
    with _running([*command, "--address", f"127.0.0.1:{port}"], port, log):
        yield port


@contextlib.contextmanager
def _running(command: list[str], port: int, log: Path) -> Iterator[None]:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    running = process.start(list(command), log=log)
    try:
        process.wait_until_ready(running, answers, log=log)
        yield
    finally:
        process.stop(running, signal.SIGTERM)
