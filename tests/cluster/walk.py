"""The “first cluster” of docs/operations.md, typed line by line as it is written there."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.cluster.given import DOMAIN

Typed = Callable[..., "subprocess.CompletedProcess[str]"]
_GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
_SAID = {
    "storectl cluster list": "main",
    "storectl describe acme": f"https://acme.{DOMAIN}",
    "storectl events acme": "acme",
    "helm list": "deployed",
    "storectl backup list acme": "20",
}
"""Words that a command's answer has, by its beginning."""


def walk(*, adding: list[str], storectl: Typed, helm: Typed) -> None:
    """Type every line once the control plane runs; `adding` is how the cluster is reached."""
    lines = _commands()
    assert len(lines) > 10
    for line in lines:
        program, *argv = shlex.split(line.replace("shops.example.com", DOMAIN))
        if argv[:2] == ["cluster", "add"]:
            argv = [*_without(argv, "--kubeconfig", "--shop-address"), *adding]
        done = {"storectl": storectl, "helm": helm}[program](*argv)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        for beginning, word in _SAID.items():
            if line.startswith(beginning):
                assert word in done.stdout, (line, done.stdout)


def _commands() -> list[str]:
    _, _, rest = _GUIDE.read_text().partition("\n## The first cluster\n")
    blocks = re.findall(r"```sh\n(.*?)```", rest.partition("\n## ")[0], re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(("storectl ", "helm "))]


def _without(argv: list[str], *options: str) -> list[str]:
    """The same words, but for these options and their values."""
    pairs = zip(["", *argv], argv, strict=False)
    return [word for before, word in pairs if not {before, word} & {*options}]


def small(directory: Path) -> list[str]:
    """What lets a small machine hold a larger plan, on volumes that need not grow."""
    little, room = {"resources": {"requests": {"cpu": "25m"}}}, {"storage": {"size": "4Gi"}}
    values = {
        **dict.fromkeys(("web", "pageCache", "cron", "jobs"), little),
        **{part: {**little, **room} for part in ("database", "search")},
        **dict.fromkeys(("media", "sessions", "backup"), room),
    }
    file = directory / "small.yaml"
    file.write_text(json.dumps(values))
    return ["--values", str(file)]
