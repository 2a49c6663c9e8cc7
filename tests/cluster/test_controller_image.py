"""The control plane's image: what its build relies on, and what its pods begin with."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from scripts.clusterkit.catalog import TOOLS
from scripts.clusterkit.downloads import Download
from tests.cluster.magento_chart import ROOT
from tests.cluster.waiting import until
from tests.services import process

IMAGE = ROOT / "images" / "controller"
DOCKERFILE = (IMAGE / "Dockerfile").read_text()
README = (IMAGE / "README.md").read_text()
AWAIT = [sys.executable, str(IMAGE / "await_schema.py")]


def environ(database: str = "") -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "STORECTL_DATABASE_URL": database.replace("+psycopg", ""),
    }


# The build


@pytest.mark.parametrize("name", ["helm4", "tofu"])
def test_the_image_s_programs_are_those_of_the_tests(name: str) -> None:
    (download,) = (
        source
        for tool in TOOLS
        if tool.name == name
        for source in tool.sources
        if isinstance(source, Download)
    )
    variable = name.rstrip("4").upper()
    version = re.findall(rf"^ARG {variable}_VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)
    digest = re.findall(rf"^ARG {variable}_SHA256=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert version[0] in download.url
    assert download.digest == f"sha256:{digest[0]}"


def test_what_the_build_copies_is_in_its_context() -> None:
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert all((ROOT / path).exists() for path in allowed)
    copied = re.findall(r"^COPY (?:--chmod=\d+ )?([a-z]\S+) ", DOCKERFILE, re.MULTILINE)
    assert {path.split("/")[0] for path in copied} == {"requirements.lock", "images"}
    for package in ("controller", "provisioners", "cli", "sandbox", "templates", "migrations"):
        assert package in allowed
    assert "helm/magento" in allowed, "the driver's chart"


def test_the_manual_names_every_build_argument() -> None:
    arguments = set(re.findall(r"^ARG ([A-Z0-9_]+)", DOCKERFILE, re.MULTILINE))
    assert {name for name in arguments if f"`{name}`" not in README} == set()


@pytest.mark.needs("shellcheck")
def test_shellcheck_has_nothing_to_say_about_the_script() -> None:
    done = subprocess.run(
        ["shellcheck", IMAGE / "fetch-tools"], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)


def fetch(tmp_path: Path, digest: str) -> "subprocess.CompletedProcess[str]":
    """Run the script with a curl that brings another file than asked for."""
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nwhile [ "$1" != --output ]; do shift; done\necho other >"$2"\n')
    curl.chmod(0o755)
    return subprocess.run(
        [IMAGE / "fetch-tools", "linux_amd64", "v1", digest, "v1", digest],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "GIVEN": str(tmp_path / "given"),
            "TOOLS_DIRECTORY": str(tmp_path / "tools"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_download_with_another_digest_ends_the_build(tmp_path: Path) -> None:
    done = fetch(tmp_path, "0" * 64)
    assert done.returncode == 1
    assert "get.helm.sh/helm-v1-linux-amd64.tar.gz is not the file" in done.stderr
    assert not list((tmp_path / "tools").iterdir())


def test_programs_that_are_given_are_not_downloaded(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    for name in ("helm", "tofu"):
        (tmp_path / "given" / name).write_text(f"#!/bin/sh\necho {name} $1\n")
    done = fetch(tmp_path, "0" * 64)
    assert (done.returncode, done.stdout) == (0, "helm version\ntofu version\n")


# The schema


@pytest.mark.needs("postgres")
def test_pods_wait_until_the_job_has_brought_the_schema(postgres_url: str, tmp_path: Path) -> None:
    given = environ(postgres_url)
    once = [*AWAIT, "--once"]
    looked = subprocess.run(once, env=given, capture_output=True, text=True, check=False)
    assert looked.returncode == 1
    assert "the schema is empty" in looked.stderr
    assignments = [f"{key}={value}" for key, value in given.items()]
    log = tmp_path / "log"
    waiting = process.start(["env", "-i", *assignments, *AWAIT], log=log)
    try:
        until(lambda: "Waiting" in log.read_text())
        assert waiting.poll() is None
        # The chart's Job, word for word but for the places of the programs.
        job = f"{' '.join(once)} || exec {sys.executable} -m controller migrate"
        subprocess.run(["sh", "-c", job], env=given, cwd=ROOT, check=True, capture_output=True)
        assert waiting.wait(30) == 0
    finally:
        process.stop(waiting, signal.SIGTERM)
    assert subprocess.run(once, env=given, check=False).returncode == 0


@pytest.mark.needs("postgres")
def test_an_older_image_serves_over_a_newer_schema(postgres_url: str) -> None:
    given = environ(postgres_url)
    with psycopg.connect(given["STORECTL_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('made later')")
    assert subprocess.run([*AWAIT, "--once"], env=given, check=False).returncode == 0


def test_a_database_that_does_not_answer_is_waited_for() -> None:
    given = environ(f"postgresql://a@127.0.0.1:{process.free_port()}/a")
    done = subprocess.run(
        [*AWAIT, "--once"], env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "does not answer" in done.stderr
