"""The sandbox shop in a container: what it is told, and copies of its data."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox import backups, container
from sandbox.app import build_app
from sandbox.database import FILE, open_database
from sandbox.process import Refusal
from sandbox.shop import Shop

KEY = "session-key"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    for name in ("access-token", "session-key"):
        (tmp_path / name).write_text(f"{name}\n")
    return {"STORECONTROLLER_INSTANCE_UID": "acme", "SHOP_SECRETS": str(tmp_path)}


def test_a_container_knows_who_it_is(environ: dict[str, str]) -> None:
    told = container.read_environment({**environ, "SHOP_BASE_URL": "https://acme.example.com/"})
    assert (told.release.uid, told.release.port, told.release.closed) == ("acme", 8080, False)
    assert told.release.url == "https://acme.example.com/"
    assert (told.secrets.access_token, told.secrets.session_key) == ("access-token", "session-key")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STORECONTROLLER_INSTANCE_UID", ""),
        ("SHOP_STOREFRONT", "ajar"),
        ("SHOP_PORT", "0"),
        ("SHOP_PORT", "65536"),
        ("SHOP_PORT", "٨٠٨٠"),
        ("SHOP_BACKUP_KEEP", "0"),
        ("SHOP_BASE_URL", "acme.example.com"),
        ("SHOP_BASE_URL", "https://acme.example.com"),
    ],
)
def test_nonsense_is_refused_by_its_name(
    environ: dict[str, str], variable: str, value: str
) -> None:
    with pytest.raises(Refusal) as caught:
        container.read_environment({**environ, variable: value})
    assert caught.value.code == "bad_environment"
    assert variable in caught.value.message


@pytest.mark.parametrize("content", [None, "", " \n", b"\xff"])
def test_a_secret_that_is_missing_is_told_and_not_repeated(
    environ: dict[str, str], content: str | bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "session-key"
    path.unlink()
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Refusal) as caught:
        container.read_environment(environ)
    assert str(path) in caught.value.message


# Copies


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A shop's data that somebody has open, with something in the log alone."""
    place = tmp_path / "data"
    place.mkdir()
    with closing(open_database(place / FILE)) as db:
        say(db, "first")
        yield place


def say(db: object, word: str) -> None:
    """Leave a word in the data."""
    db.execute("INSERT OR REPLACE INTO meta VALUES ('word', ?)", (word,))  # type: ignore[attr-defined]


def word(path: Path) -> str:
    with closing(open_database(path)) as db:
        return str(db.execute("SELECT value FROM meta WHERE name = 'word'").fetchone()[0])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "backup"
    (place / "lost+found").mkdir(parents=True)
    return place


def test_a_copy_holds_what_was_committed_and_no_secret(data: Path, root: Path) -> None:
    place = backups.backup(data, root, uid="acme", session_key=KEY, keep=7)
    assert {path.name for path in place.iterdir()} == {FILE, "checksums", "manifest"}
    assert "instance_uid=acme" in (place / "manifest").read_text()
    assert not any(KEY.encode() in path.read_bytes() for path in place.iterdir())
    assert word(place / FILE) == "first"


def test_only_the_newest_copies_stay_and_nothing_else_goes(data: Path, root: Path) -> None:
    for day in range(1, 5):
        (root / f"2026110{day}T030000Z").mkdir()
    newest = backups.backup(data, root, uid="acme", session_key=KEY, keep=2)
    assert {path.name for path in root.iterdir()} == {
        "lost+found",
        "20261104T030000Z",
        newest.name,
    }


def test_copies_are_told_the_newest_first_as_far_as_there_is_room(
    data: Path, root: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    newest = backups.backup(data, root, uid="acme", session_key=KEY, keep=99)
    for number in range(90):
        (root / f"20200101T0000{number:02d}Z").mkdir()
    words = tmp_path / "words"
    given = {**environ, "SHOP_BACKUP": str(root), "SHOP_LAST_WORDS": str(words)}
    container.tell(container.read_environment(given))
    told = [json.loads(line) for line in words.read_text().splitlines()]
    assert told[0]["name"] == newest.name
    assert told[0]["bytes"] == sum(path.stat().st_size for path in newest.iterdir())
    assert [item["name"] for item in told] == sorted((item["name"] for item in told), reverse=True)
    assert 40 < len(told) < 91
    assert words.stat().st_size < 4096


def test_a_copy_of_nothing_is_refused_and_old_copies_stay(root: Path, tmp_path: Path) -> None:
    (root / "20261101T030000Z").mkdir()
    with pytest.raises(backups.BackupError, match="no shop to save"):
        backups.backup(tmp_path, root, uid="acme", session_key=KEY, keep=1)
    assert (root / "20261101T030000Z").is_dir()


def test_damaged_data_makes_no_copy(data: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(backups.BackupError, match="no copy was made"):
        backups.backup(tmp_path / "broken", root, uid="acme", session_key=KEY, keep=1)
    assert [path.name for path in root.iterdir()] == ["lost+found"]


@pytest.fixture
def saved(data: Path, root: Path) -> str:
    """A copy that holds the first word; the data says the second one since."""
    name = backups.backup(data, root, uid="acme", session_key=KEY, keep=7).name
    with closing(open_database(data / FILE)) as db:
        say(db, "second")
    return name


def stopped(data: Path) -> Path:
    """The data as a process leaves it that was killed: with its log."""
    left = data.with_name("left")
    shutil.copytree(data, left)
    assert (left / f"{FILE}-wal").stat().st_size > 0
    return left


def test_a_copy_takes_the_place_of_the_data_which_is_kept(
    data: Path, root: Path, saved: str
) -> None:
    left = stopped(data)
    assert backups.restore(left, root, saved, session_key=KEY)
    assert word(left / FILE) == "first"
    assert word(left / backups.BEFORE) == "second"


def test_a_copy_is_restored_once_and_the_data_of_before_survives_a_second_time(
    data: Path, root: Path, saved: str
) -> None:
    left = stopped(data)
    assert backups.restore(left, root, saved, session_key=KEY)
    assert not backups.restore(left, root, saved, session_key=KEY)
    assert word(left / backups.BEFORE) == "second"


def test_data_that_nothing_can_open_is_replaced_too(root: Path, saved: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / FILE).write_bytes(b"no database")
    (broken / f"{FILE}-wal").write_bytes(b"nor a log")
    assert backups.restore(broken, root, saved, session_key=KEY)
    assert word(broken / FILE) == "first"
    assert (broken / backups.BEFORE).read_bytes() == b"no database"


def test_an_empty_volume_is_filled(root: Path, saved: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    (empty / "lost+found").mkdir(parents=True)
    assert backups.restore(empty, root, saved, session_key=KEY)
    assert word(empty / FILE) == "first"


@pytest.mark.parametrize("name", ["20200101T000000Z", "..", "lost+found", "../data", ""])
def test_what_is_no_copy_is_refused(data: Path, root: Path, saved: str, name: str) -> None:
    with pytest.raises(backups.BackupError, match="holds no backup"):
        backups.restore(data, root, name, session_key=KEY)


def test_another_key_and_a_damaged_copy_are_refused_and_touch_nothing(
    data: Path, root: Path, saved: str
) -> None:
    before = (data / FILE).read_bytes()
    with pytest.raises(backups.BackupError, match="session key"):
        backups.restore(data, root, saved, session_key="other")
    with (root / saved / FILE).open("ab") as file:
        file.write(b"x")
    with pytest.raises(backups.BackupError, match="damaged"):
        backups.restore(data, root, saved, session_key=KEY)
    assert (data / FILE).read_bytes() == before


# What it answers and logs


async def ask(shop: Shop, path: str, caplog: pytest.LogCaptureFixture) -> tuple[int, str]:
    """The status of an answer, and what was logged of it."""
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(int(str(message["status"])))

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"token=secret",
        "headers": [],
    }
    caplog.clear()
    with caplog.at_level("INFO", logger="sandbox"):
        await container.logged(build_app(shop))(scope, receive, send)  # type: ignore[arg-type]
    return statuses[0], caplog.text


def test_answers_are_logged_but_for_probes_and_queries(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ready = "/rest/all/V1/storecontroller/ready"
    assert asyncio.run(ask(shop, "/-/live", caplog)) == (204, "")
    assert asyncio.run(ask(shop, ready, caplog)) == (200, "")
    status, said = asyncio.run(ask(shop, "/rest/V1/nothing", caplog))
    assert status == 404
    assert "GET '/rest/V1/nothing' 404" in said
    assert "secret" not in said
    shop.db.execute("DROP TABLE meta")
    status, said = asyncio.run(ask(shop, ready, caplog))
    assert status >= 500
    assert "no such table" in said
    assert json.dumps(status) in said
