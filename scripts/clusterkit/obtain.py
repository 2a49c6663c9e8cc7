"""The order in which sources are tried; `scripts.cluster_tools` calls it."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.clusterkit.base import Tool, UnobtainableError, dotted, version_of
from scripts.clusterkit.ledger import Entry, Ledger, digest


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table at the end."""

    name: str
    version: str = ""
    origin: str
    size: int = 0
    sha256: str = ""
    seconds: float = 0.0
    missing: bool = False


def obtain(tool: Tool, cache: Path, say: Callable[[str], None]) -> Row:
    """Find a tool, keep it, or get it from the first source that has it."""
    target = cache / "bin" / tool.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if found := find(tool, cache):
        program, version = found
        target.unlink(missing_ok=True)
        target.symlink_to(program)
        return Row(name=tool.name, version=version, origin=f"found at {program}")
    ledger = Ledger(cache)
    if kept := ledger.entry(tool.name, target, {source.origin for source in tool.sources}):
        return _row(tool, kept)
    target.unlink(missing_ok=True)
    entry = _get(tool, target, cache, say)
    if entry is None:
        return Row(name=tool.name, origin=f"missing; wanted {tool.wanted}", missing=True)
    ledger.write(tool.name, entry)
    return _row(tool, entry)


def find(tool: Tool, cache: Path) -> tuple[Path, str] | None:
    """Look for an accepted version in KUBEBUILDER_ASSETS and on PATH."""
    ours = (cache / "bin").resolve()
    places = [os.environ.get("KUBEBUILDER_ASSETS", ""), *os.get_exec_path()]
    for place in filter(None, places):
        if Path(place).resolve() == ours:
            continue
        for name in tool.called:
            program = shutil.which(name, path=place)
            version = version_of(Path(program), tool.ask) if program else None
            if program and version and tool.accepts(version):
                return Path(program).absolute(), dotted(version)
    return None


def _get(tool: Tool, target: Path, cache: Path, say: Callable[[str], None]) -> Entry | None:
    for source in tool.sources:
        say(f"{tool.name}: {source.origin} …")
        began = time.monotonic()
        try:
            source.obtain(target, cache)
        except UnobtainableError as error:
            say(f"{tool.name}: no, {error}")
            continue
        version = version_of(target, tool.ask)
        if version is not None and tool.accepts(version):
            return Entry(
                version=dotted(version),
                origin=source.origin,
                sha256=digest(target),
                size=target.stat().st_size,
                seconds=round(time.monotonic() - began, 1),
            )
        target.unlink()
        say(f"{tool.name}: no, it says {version} and wanted is {tool.wanted}")
    return None


def _row(tool: Tool, entry: Entry) -> Row:
    return Row(
        name=tool.name,
        version=entry.version,
        origin=entry.origin,
        size=entry.size,
        sha256=entry.sha256,
        seconds=entry.seconds,
    )
