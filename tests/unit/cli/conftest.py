"""The fake API, and a way to run a command line against it inside this process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import texts, transport, wait
from cli.main import main
from tests.unit.cli.fake_control_plane import TOKEN, FakeApi, serving
from tests.unit.cli.runner import Outcome, Storectl


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("STORECTL_SERVER", "STORECTL_TOKEN", "STORECTL_DEBUG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STORECTL_LANG", "en")
    monkeypatch.setenv("STORECTL_HOME", str(tmp_path / "no-home"))
    texts._catalogue.cache_clear()
    yield
    texts._catalogue.cache_clear()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "PAUSES", (0.0,))
    monkeypatch.setattr(transport, "RETRY_PAUSES", (0.0, 0.0))


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as fake:
        yield fake
    assert fake.unexpected == []


@pytest.fixture
def storectl(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Storectl:
    def run(*argv: str) -> Outcome:
        code = main(argv)
        captured = capsys.readouterr()
        return Outcome(code=code, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def connected(api: FakeApi, storectl: Storectl, monkeypatch: pytest.MonkeyPatch) -> Storectl:
    monkeypatch.setenv("STORECTL_SERVER", api.url)
    monkeypatch.setenv("STORECTL_TOKEN", TOKEN)
    return storectl
