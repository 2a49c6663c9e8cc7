"""Find the processes that a test run started and left behind; `plugin` fails the run for them."""

import contextlib
import os
import uuid
from collections.abc import Iterator

import psutil

MARK = "STORECTL_TEST_RUN"
# Python's own helper of multiprocessing ends with the interpreter that started it.
ALLOWED = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


class Processes:
    """Everything this process starts from now on, recognized even after its parent has ended."""

    def __init__(self, directory: str) -> None:
        self._mark = uuid.uuid4().hex
        self._directory = directory
        os.environ[MARK] = self._mark
        self._before = self._children()

    def _children(self) -> set[int]:
        return {child.pid for child in psutil.Process().children(recursive=True)}

    def _is_ours(self, process: psutil.Process) -> bool:
        # A program that clears its environment still names the directory it works in.
        with contextlib.suppress(psutil.Error, OSError):
            if any(self._directory in argument for argument in process.cmdline()):
                return True
            return process.environ().get(MARK) == self._mark
        return False

    def alive(self) -> Iterator[psutil.Process]:
        """Yield the processes of this run that are still alive, without those that only wait."""
        me = psutil.Process()
        children = self._children()
        others = {me.pid, *(parent.pid for parent in me.parents()), *self._before}
        for process in psutil.process_iter():
            if process.pid in others:
                continue
            if process.pid in children or self._is_ours(process):
                with contextlib.suppress(psutil.Error):
                    command = " ".join(process.cmdline())
                    if process.status() == psutil.STATUS_ZOMBIE or not command:
                        continue
                    if not any(allowed in command for allowed in ALLOWED):
                        yield process

    def end(self, seconds: float = 3) -> list[str]:
        """Wait for the processes to end, kill those that do not; returns a line for each killed."""
        _, left = psutil.wait_procs(list(self.alive()), timeout=seconds)
        lines = []
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                lines.append(f"{process.pid}: {' '.join(process.cmdline())}")
                process.kill()
        return lines
