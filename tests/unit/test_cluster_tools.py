"""Where the cluster's tools come from: which sources are tried, and what is refused."""

import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from scripts.cluster_tools import table
from scripts.clusterkit import archives
from scripts.clusterkit.base import Tool, UnobtainableError, place, this_platform, version_of
from scripts.clusterkit.catalog import TOOLS
from scripts.clusterkit.downloads import Download
from scripts.clusterkit.golang import MODULES, Module
from scripts.clusterkit.obtain import obtain


def script(version: str) -> bytes:
    return f'#!/bin/sh\necho "Tool v{version}"\n'.encode()


def put(directory: Path, name: str, version: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_bytes(script(version))
    path.chmod(0o755)
    return path


@dataclass
class Shelf:
    """A source that has one version, or none."""

    origin: str
    version: str | None
    asked: int = 0

    def obtain(self, target: Path, cache: Path) -> None:
        self.asked += 1
        if self.version is None:
            raise UnobtainableError("the shelf is empty")
        place(put(cache, "made", self.version), target)


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on PATH beside the shell's."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/bin")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return tmp_path / "path"


def tool(*sources: Shelf) -> Tool:
    return Tool(
        name="gadget3",
        called=("gadget3", "gadget"),
        ask=("version",),
        oldest=(3, 2),
        below=(4,),
        sources=sources,
    )


@pytest.mark.parametrize(
    ("version", "taken"),
    [("3.2.0", True), ("3.11.7", True), ("3.1.9", False), ("4.0.0", False)],
    ids=["the oldest", "eleven is more than two", "too old", "too new"],
)
def test_a_program_on_path_is_taken_for_its_version(
    tmp_path: Path, empty_path: Path, version: str, taken: bool
) -> None:
    program = put(empty_path, "gadget", version)
    shelf = Shelf("shelf", "3.5.0")
    row = obtain(tool(shelf), tmp_path / "cache", lambda _: None)
    assert row.origin == (f"found at {program}" if taken else "shelf")
    assert shelf.asked == (0 if taken else 1)
    assert version_of(tmp_path / "cache" / "bin" / "gadget3", ()) is not None


def test_the_assets_directory_goes_before_path(
    tmp_path: Path, empty_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty_path, "gadget", "3.5.0")
    wanted = put(tmp_path / "assets", "gadget", "3.4.0")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    row = obtain(tool(), tmp_path / "cache", lambda _: None)
    assert row.origin == f"found at {wanted}"


def test_the_next_source_is_asked_when_one_has_nothing_or_another_version(
    tmp_path: Path, empty_path: Path
) -> None:
    said: list[str] = []
    shelves = (Shelf("first", None), Shelf("second", "2.0.0"), Shelf("third", "3.3.3"))
    row = obtain(tool(*shelves), tmp_path, said.append)
    assert (row.version, row.origin, row.missing) == ("3.3.3", "third", False)
    assert "gadget3: no, the shelf is empty" in said


def test_a_tool_that_nobody_has_is_missing(tmp_path: Path, empty_path: Path) -> None:
    row = obtain(tool(Shelf("first", None)), tmp_path, lambda _: None)
    assert row.missing
    assert "missing; wanted 3.2 or newer, below 4" in table([row])


def test_what_is_whole_is_kept_and_what_was_altered_is_made_again(
    tmp_path: Path, empty_path: Path
) -> None:
    shelf = Shelf("shelf", "3.5.0")
    first = obtain(tool(shelf), tmp_path, lambda _: None)
    again = obtain(tool(shelf), tmp_path, lambda _: None)
    assert (again, shelf.asked) == (first, 1)
    put(tmp_path / "bin", "gadget3", "3.6.0")
    assert (obtain(tool(shelf), tmp_path, lambda _: None).version, shelf.asked) == ("3.5.0", 2)


def test_another_pin_is_made_again(tmp_path: Path, empty_path: Path) -> None:
    obtain(tool(Shelf("shelf 3.5", "3.5.0")), tmp_path, lambda _: None)
    row = obtain(tool(Shelf("shelf 3.6", "3.6.0")), tmp_path, lambda _: None)
    assert row.version == "3.6.0"


def packed() -> bytes:
    """A zip in a tar archive."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as opened:
        opened.writestr("bin/gadget", script("3.5.0"))
    outer = io.BytesIO()
    with tarfile.open(fileobj=outer, mode="w:gz") as opened:
        entry = tarfile.TarInfo("package/layer.zip")
        entry.size = len(inner.getvalue())
        opened.addfile(entry, io.BytesIO(inner.getvalue()))
    return outer.getvalue()


def test_a_program_is_found_in_an_archive_inside_an_archive() -> None:
    path = ("package/*.zip", "bin/gadget")
    assert archives.member(io.BytesIO(packed()), path) == script("3.5.0")
    with pytest.raises(UnobtainableError, match="no bin/other"):
        archives.member(io.BytesIO(packed()), (path[0], "bin/other"))


@pytest.fixture
def server() -> Iterator[str]:
    """Answers every request with the archive."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(packed())

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as opened:
        thread = threading.Thread(target=opened.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{opened.server_address[1]}/gadget.tar.gz"
        opened.shutdown()
        thread.join()


def test_a_download_is_held_to_its_digest(server: str, tmp_path: Path) -> None:
    pinned = Download(
        url=server,
        digest="sha256:" + hashlib.sha256(packed()).hexdigest(),
        path=("package/layer.zip", "bin/gadget"),
        platform=this_platform(),
    )
    target = tmp_path / "bin" / "gadget"
    with pytest.raises(UnobtainableError, match="is not the pinned file"):
        replace(pinned, digest="sha512:" + "0" * 128).obtain(target, tmp_path)
    assert not target.exists()
    pinned.obtain(target, tmp_path)
    assert version_of(target, ()) == (3, 5, 0)


def test_a_program_for_another_machine_is_not_downloaded(tmp_path: Path) -> None:
    foreign = Download(url="https://files.example/x", digest="sha256:0", platform="plan9-mips")
    with pytest.raises(UnobtainableError, match="plan9-mips only"):
        foreign.obtain(tmp_path / "x", tmp_path)


def test_every_module_pins_what_it_is_compiled_from() -> None:
    modules = [source for each in TOOLS for source in each.sources if isinstance(source, Module)]
    assert len(modules) == len(TOOLS)
    for module in modules:
        directory = MODULES / module.directory
        assert f" {module.version}\n" in (directory / "go.mod").read_text()
        assert f" {module.version} h1:" in (directory / "go.sum").read_text()
