"""Start and stop the servers of the tests; `postgres` and `redis` call it."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def free_port() -> int:
    """Return a port of the loopback address that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def first_port() -> int:
    """Return the first of hundreds of ports that systems do not give to who asks for any."""
    return 20_000 + free_port() % 12_000


def unprivileged_user() -> pwd.struct_passwd | None:
    """Return the user to run servers as that refuse root; None when this is not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("this runs as root and there is neither a user postgres nor nobody")


def as_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the subprocess arguments that give up root for a user."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _end_with_parent(how: signal.Signals) -> None:
    # A test run that is killed runs no teardown; the kernel then ends its servers (Linux only).
    if _libc is not None:
        # A shell's background jobs ignore it, and so would what they start.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _libc.prctl(PR_SET_PDEATHSIG, how)


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    user: pwd.struct_passwd | None = None,
    orphaned: signal.Signals = signal.SIGINT,
    environ: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server that writes to a log file and ends, by a signal, when this process does."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env=environ,
            preexec_fn=lambda: _end_with_parent(orphaned),  # noqa: PLW1509 -- it only calls the kernel.
            **as_user(user),
        )


def wait_until_ready(
    process: subprocess.Popen[bytes], ready: Callable[[], bool], *, log: Path, seconds: float = 30
) -> None:
    """Wait until a server answers; raises RuntimeError with its log when it does not."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            state = "is not ready" if process.returncode is None else f"ended: {process.returncode}"
            raise RuntimeError(
                f"{process.args!r} {state}\n{log.read_text(errors='replace')[-2000:]}"
            )
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes], how: signal.Signals, seconds: float = 10) -> None:
    """End a server by its pid and wait for it, with SIGKILL after some seconds."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
