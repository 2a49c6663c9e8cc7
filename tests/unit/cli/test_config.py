"""Which server and token are used."""

import json
from pathlib import Path

import pytest

from cli import config
from cli.config import discover


def home(path: Path, server: str = "http://127.0.0.1:8123", token: str = "local") -> Path:
    path.mkdir(parents=True)
    (path / "controller.json").write_text(json.dumps({"server": server, "pid": 1}))
    (path / "operator.token").write_text(f"{token}\n")
    return path


@pytest.fixture(autouse=True)
def _no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "CHECKOUT", tmp_path / "checkout")


def test_without_anything_the_default_address_is_used(tmp_path: Path) -> None:
    found = discover(None, None, {}, tmp_path)
    assert (found.server, found.token, found.home) == ("http://127.0.0.1:8080", None, None)


def test_a_local_control_plane_is_found_below_the_current_directory(tmp_path: Path) -> None:
    home(tmp_path / "checkout" / "var", token="of-the-checkout")
    near = home(tmp_path / "var")
    found = discover(None, None, {}, tmp_path)
    assert (found.server, found.token, found.home) == ("http://127.0.0.1:8123", "local", near)


def test_the_checkouts_control_plane_is_the_last_that_is_looked_for(tmp_path: Path) -> None:
    home(tmp_path / "checkout" / "var", token="of-the-checkout")
    assert discover(None, None, {}, tmp_path).token == "of-the-checkout"


def test_a_named_home_is_the_only_one(tmp_path: Path) -> None:
    home(tmp_path / "var")
    found = discover(None, None, {"STORECTL_HOME": str(tmp_path / "other")}, tmp_path)
    assert (found.server, found.token) == ("http://127.0.0.1:8080", None)


def test_flags_win_over_the_environment_and_that_over_files(tmp_path: Path) -> None:
    home(tmp_path / "var")
    environ = {"STORECTL_SERVER": "http://env", "STORECTL_TOKEN": "env"}
    found = discover(None, None, environ, tmp_path)
    assert (found.server, found.token) == ("http://env", "env")
    found = discover("http://flag/", "flag", environ, tmp_path)
    assert (found.server, found.token) == ("http://flag", "flag")


def test_a_local_token_is_never_sent_to_another_server(tmp_path: Path) -> None:
    home(tmp_path / "var")
    assert discover("http://elsewhere", None, {}, tmp_path).token is None
    assert discover("http://127.0.0.1:8123/", None, {}, tmp_path).token == "local"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"server": 1}', '"text"'])
def test_a_broken_announcement_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (home(tmp_path / "var") / "controller.json").write_text(text)
    assert discover(None, None, {}, tmp_path).home is None
