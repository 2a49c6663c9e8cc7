"""Why a home or an address cannot be used: each cause is told as itself."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from controller.bootstrap import claims, wiring
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.platform import (
    AddressUnusableError,
    AlreadyRunningError,
    HomeForbiddenError,
    HomeNoDirectoryError,
    HomeReadOnlyError,
    HomeUnusableError,
    PortTakenError,
    StorageFullError,
    StorageUnusableError,
    TooManyFilesError,
)
from controller.registry.migrate import migrate
from controller.registry.session import Database
from controller.settings import Settings


def test_a_file_in_the_place_of_the_home_is_no_full_disk(tmp_path: Path) -> None:
    file = tmp_path / "var"
    file.write_text("")
    for place in (file, file / "below"):
        with pytest.raises(HomeNoDirectoryError), claims.locked(place):
            pass


def test_a_home_that_cannot_be_is_told_before_the_rest_is_loaded() -> None:
    tried = [sys.executable, "-X", "importtime", "-m", "controller", "up"]
    environ = {**os.environ, "STORECTL_HOME": f"{os.devnull}/x"}
    done = subprocess.run(
        tried, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"{os.devnull}/x is no directory" in done.stderr
    assert "controller.settings" in done.stderr
    assert "sqlalchemy" not in done.stderr


def test_a_home_that_is_held_is_in_use(tmp_path: Path) -> None:
    with (
        claims.locked(tmp_path),
        pytest.raises(AlreadyRunningError),
        claims.locked(tmp_path),
    ):
        pass
    # What a dead process left behind holds nobody up.
    with claims.locked(tmp_path):
        pass


def test_a_directory_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "controller.lock").mkdir()
    with pytest.raises(HomeUnusableError) as raised, claims.locked(tmp_path):
        pass
    assert type(raised.value) is HomeUnusableError
    assert raised.value.params["detail"] == "controller.lock: Is a directory"


@pytest.mark.parametrize("content", [b"", b"cut off", b"\xff\xfe" * 40, None], ids=repr)
def test_a_key_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    key = tmp_path / "master.key"
    key.mkdir() if content is None else key.write_bytes(content)
    with pytest.raises(HomeUnusableError) as raised:
        wiring.build_keyring(Settings(home=tmp_path))
    assert str(raised.value.params["detail"]).startswith("master.key: ")


def test_a_key_is_made_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageFullError):
            wiring.build_keyring(Settings(home=tmp_path))
    assert list(tmp_path.iterdir()) == []
    first = wiring.build_keyring(Settings(home=tmp_path)).derive("a")
    assert wiring.build_keyring(Settings(home=tmp_path)).derive("a") == first
    (key,) = tmp_path.iterdir()
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_database_that_is_none_is_the_storages_fault(tmp_path: Path) -> None:
    file = tmp_path / "registry.sqlite3"
    file.write_bytes(b"no database" * 999)
    database = Database(f"sqlite:///{file}")
    with pytest.raises(StorageUnusableError):
        migrate(database)
    database.close()


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StorageFullError),
        (errno.EDQUOT, StorageFullError),
        (errno.EROFS, HomeReadOnlyError),
        (errno.EACCES, HomeForbiddenError),
        (errno.EPERM, HomeForbiddenError),
        (errno.ENOTDIR, HomeNoDirectoryError),
        (errno.EMFILE, TooManyFilesError),
        (errno.ENAMETOOLONG, HomeUnusableError),
        (errno.EIO, HomeUnusableError),
        (errno.ENOLCK, HomeUnusableError),
    ],
)
def test_what_the_system_says_is_told_as_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "the system's words")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreControllerError) as raised, claims.locked(tmp_path):
        pass
    assert type(raised.value) is kind


def test_a_port_in_use_and_an_address_that_is_not_ours_are_two_things() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(PortTakenError),
            claims.listening(Settings(host="127.0.0.1", port=port)),
        ):
            pass
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with (
            pytest.raises(AddressUnusableError),
            claims.listening(Settings(host=host, port=port)),
        ):
            pass
