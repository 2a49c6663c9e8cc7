"""The guard of one run: a process that stops terraform in time when its lease is not renewed.

`keeper` starts `python -m provisioners.terraform.guard DIRECTORY SECONDS`. It
outlives the worker, and speaks with nobody: when the last renewal that is noted in the directory is
older than so many seconds, every process of the run is frozen, so that it changes nothing while
another machine may take it for gone. A later renewal, which nobody can get for a run that was taken
for gone, lets them go on; a lost lease ends them. Without its worker a run ends with its time.
"""

import fcntl
import signal
import sys
import time
from pathlib import Path

from provisioners.leash import moment
from provisioners.terraform.run import Run

_TICK_SECONDS = 1.0


def watch(run: Run, patience: float) -> None:
    """Guard the run until nothing of it lives."""
    # Another guard may have frozen it before it was killed.
    frozen = True
    while not _over(run):
        if (last := run.renewal) is None:
            return
        if run.orphaned:
            run.hasten()
        if last < 0:
            run.signal(signal.SIGKILL)
        elif moment() - last > patience:
            run.signal(signal.SIGSTOP)
            frozen = True
        elif frozen:
            run.signal(signal.SIGCONT)
            frozen = False
        time.sleep(min(_TICK_SECONDS, patience / 8))


def _over(run: Run) -> bool:
    """Whether nothing of it lives, as far as nobody else is looking just now."""
    try:
        with (run.path.parent / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return not run.awake
    except BlockingIOError:
        return False


def main(path: Path, patience: float) -> None:
    """Guard the run of a directory."""
    run = Run.of(path)
    try:
        with run.guarding():
            watch(run, patience)
    except FileNotFoundError:
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
