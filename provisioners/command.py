"""The only place that starts programs: an argv, no shell, secrets never in it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")


def start(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    descriptors: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program that outlives us: own session, output appended to `log`, few variables.

    Of our open files it inherits `descriptors` only.

    It is not tied to this process, so a worker that is killed leaves it running for the next one.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 -- argv is ours, nothing of a tenant is in it.
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=descriptors,
            env={**kept, **(env or {})},
        )
