"""Why a home or an address cannot be used: each cause is told as itself."""

import errno
import socket
from pathlib import Path

import pytest

from controller import home
from controller.domain import errors
from controller.settings import Settings


def test_a_file_in_the_place_of_the_home_is_no_full_disk(tmp_path: Path) -> None:
    file = tmp_path / "var"
    file.write_text("")
    for place in (file, file / "below"):
        with pytest.raises(errors.HomeNoDirectoryError), home.locked(place):
            pass


def test_a_home_that_is_held_is_in_use(tmp_path: Path) -> None:
    with (
        home.locked(tmp_path),
        pytest.raises(errors.AlreadyRunningError),
        home.locked(tmp_path),
    ):
        pass
    # What a dead process left behind holds nobody up.
    with home.locked(tmp_path):
        pass


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, errors.StorageFullError),
        (errno.EDQUOT, errors.StorageFullError),
        (errno.EROFS, errors.HomeReadOnlyError),
        (errno.EACCES, errors.HomeForbiddenError),
        (errno.EPERM, errors.HomeForbiddenError),
        (errno.ENOTDIR, errors.HomeNoDirectoryError),
        (errno.EMFILE, errors.TooManyFilesError),
        (errno.ENAMETOOLONG, errors.HomeUnusableError),
        (errno.EIO, errors.HomeUnusableError),
        (errno.ENOLCK, errors.HomeUnusableError),
    ],
)
def test_what_the_system_says_is_told_as_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "the system's words")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(errors.StoreControllerError) as raised, home.locked(tmp_path):
        pass
    assert type(raised.value) is kind


def test_a_port_in_use_and_an_address_that_is_not_ours_are_two_things() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(errors.PortTakenError),
            home.listening(Settings(host="127.0.0.1", port=port)),
        ):
            pass
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with (
            pytest.raises(errors.AddressUnusableError),
            home.listening(Settings(host=host, port=port)),
        ):
            pass
