"""A shop without a process: its database in a folder of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.database import open_database
from sandbox.disk import Disk
from sandbox.shop import Release, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    release = Release(uid="u", digest="d", host="127.0.0.1", port=1, closed=False)
    db = open_database(tmp_path / "shop.sqlite3")
    yield Shop(
        directory=tmp_path,
        release=release,
        access_token="t",
        session_key=b"k",
        db=db,
        disk=Disk(tmp_path),
    )
    db.close()
