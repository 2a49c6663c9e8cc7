"""The only place that starts programs: an argv, no shell, secrets never in it."""

import errno
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from provisioners.base import UNWANTED
from provisioners.leash import Leash

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
_GRACE_SECONDS = 5.0
_LEAVING_SECONDS = 1.5
"""What a program has to write down how far it came when this process is about to end."""
_DRAIN_SECONDS = 0.5
_BLOCK = 65_536
_REDACTED = "[redacted]"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a program left: how it ended and the last of what it printed, secrets blotted out."""

    returncode: int
    """Negative when a signal ended it."""
    output: str
    error: str
    seconds: float


class CommandError(Exception):
    """A program that did not do what it was started for."""

    def __init__(self, program: str, detail: str) -> None:
        super().__init__(f"{program}: {detail}")
        self.program = program
        self.detail = detail


class CommandMissingError(CommandError):
    """There is no such program, or it cannot be started."""


class CommandFailedError(CommandError):
    """It ended with another status than 0."""

    def __init__(self, program: str, result: Result) -> None:
        said = (result.error.strip() or result.output.strip())[-2000:]
        super().__init__(program, said or f"ended with {result.returncode}")
        self.result = result


class CommandTimeoutError(CommandFailedError):
    """It was ended because it took too long."""


class CommandStoppedError(CommandFailedError):
    """It was ended, or not begun: this process is about to end, or nobody wants it any more."""


LEASH = Leash()
"""What the programs of this process hang on, those that may outlive it excepted."""


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
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 -- argv is ours, nothing of a tenant is in it.
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=descriptors,
            env={**_environment(), **(env or {})},
        )


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    secrets: Collection[str] = (),
    kept: int = _BLOCK,
    leash: Leash = LEASH,
) -> Result:
    """Run a program to its end and return what it left; raises CommandError.

    What must not be seen in the list of processes goes through `stdin` or a `private_file`. The
    last `kept` bytes of either output are kept, with every one of `secrets` blotted out. After
    `timeout` seconds, when we are interrupted, or when nobody wants it any more (`while_wanted`),
    its whole process group is ended. It hangs on `leash`: it is killed when this process is, and
    when this process is overtaken.
    """
    program, unwanted = Path(argv[0]).name, UNWANTED.get()
    began = time.monotonic()
    known = {**_environment(), **(env or {})}
    if leash.dropped.is_set():
        raise CommandStoppedError(program, Result(returncode=0, output="", error="", seconds=0))
    try:
        _found(argv[0], known)
        with leash.held() as end:
            process = subprocess.Popen(  # noqa: S603 -- argv is ours, nothing of a tenant is in it.
                leash.led(end, argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=[end],
                env=known,
            )
    except OSError as error:
        raise CommandMissingError(program, str(error)) from error
    blotted = sorted((secret for secret in secrets if secret), key=len, reverse=True)
    with process:
        try:
            exchange = _Exchange(process, stdin, kept + 4 * max(map(len, blotted), default=0))
            late = not exchange.until(began + timeout, lambda: leash.dropped.is_set() or unwanted())
        finally:
            _end(process, grace=_LEAVING_SECONDS if leash.dropped.is_set() else _GRACE_SECONDS)
    result = Result(
        returncode=process.returncode,
        output=_readable(exchange.taken[1], blotted, kept),
        error=_readable(exchange.taken[2], blotted, kept),
        seconds=time.monotonic() - began,
    )
    return _judged(program, result, late=late, stopped=leash.dropped.is_set() or unwanted())


def run_to_files(  # noqa: PLR0913 -- each is one word of what `run` takes, and where.
    argv: Sequence[str],
    *,
    directory: Path,
    timeout: float,
    grace: float,
    env: Mapping[str, str] | None = None,
    secrets: Collection[str] = (),
    descriptors: Sequence[int] = (),
    kept: int = _BLOCK,
    leash: Leash = LEASH,
    asked: Callable[[], None] = lambda: None,
) -> Result:
    """Run a program that must come to its own end even when we do not; raises CommandError.

    It works in `directory` and writes into files there, not into pipes that break when we are
    killed; `group` names its process group to whoever comes after us. Of our open files it
    inherits `descriptors` only, and what it writes is for the owner's eyes. After `timeout`
    seconds, or when we are interrupted, it alone is asked to end: its children may be what it needs
    for that. `grace` seconds later the whole group is ended. When this process is about to end, or
    nobody wants it any more, `asked` is called and the program asked to end as well; it may take
    longer over that than we do.
    """
    program, unwanted = Path(argv[0]).name, UNWANTED.get()
    began = time.monotonic()
    if leash.dropped.is_set():
        raise CommandStoppedError(program, Result(returncode=0, output="", error="", seconds=0))
    paths = [directory / "stdout", directory / "stderr"]
    with ExitStack() as files:
        out, err = (files.enter_context(_private(path)) for path in paths)
        try:
            process = subprocess.Popen(  # noqa: S603 -- argv is ours, nothing of a tenant is in it.
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=directory,
                start_new_session=True,
                pass_fds=descriptors,
                umask=0o077,
                env={**_environment(), **(env or {})},
            )
        except OSError as error:
            raise CommandMissingError(program, str(error)) from error
    (directory / "group").write_text(str(process.pid))
    try:
        while process.poll() is None and time.monotonic() < began + timeout:
            if leash.dropped.wait(0.05) or unwanted():
                asked()
                break
    finally:
        late = process.poll() is None
        _end(process, grace=grace, alone=True)
        (directory / "group").unlink(missing_ok=True)
    blotted = sorted((secret for secret in secrets if secret), key=len, reverse=True)
    margin = kept + 4 * max(map(len, blotted), default=0) + 1
    output, error_output = (_readable(_tail(path, margin), blotted, kept) for path in paths)
    seconds = time.monotonic() - began
    result = Result(
        returncode=process.returncode, output=output, error=error_output, seconds=seconds
    )
    return _judged(program, result, late=late, stopped=leash.dropped.is_set() or unwanted())


def _judged(program: str, result: Result, *, late: bool, stopped: bool) -> Result:
    if late and stopped:
        raise CommandStoppedError(program, result)
    if late:
        raise CommandTimeoutError(program, result)
    if result.returncode != 0:
        raise CommandFailedError(program, result)
    return result


@contextmanager
def private_file(content: bytes, *, suffix: str = "") -> Iterator[Path]:
    """Keep content in a file for the owner's eyes only, for as long as the block lasts."""
    descriptor, name = tempfile.mkstemp(suffix=suffix)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield path
    finally:
        path.unlink(missing_ok=True)


class _Exchange:
    """The three pipes of a running program."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, kept: int) -> None:
        self._process = process
        self._left = memoryview(stdin)
        self._kept = kept
        self.taken = {1: bytearray(), 2: bytearray()}
        self._pipes = {0: process.stdin, 1: process.stdout, 2: process.stderr}

    def until(self, deadline: float, over: Callable[[], bool]) -> bool:
        """Feed and read until the program ended; False when it is late, or everything is over."""
        with selectors.DefaultSelector() as selector:
            for number, pipe in self._pipes.items():
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
                    kind = selectors.EVENT_READ if number else selectors.EVENT_WRITE
                    selector.register(pipe, kind, number)
            ended: float | None = None
            while selector.get_map():
                now = time.monotonic()
                if ended is None and self._process.poll() is not None:
                    ended = now
                # Whatever it left behind may keep its pipes open; that is not waited for.
                if ended is not None and now > ended + _DRAIN_SECONDS:
                    return True
                if now > deadline or over():
                    return False
                for key, _ in selector.select(min(0.05, deadline - now + 0.01)):
                    if not self._moved(key.data):
                        pipe = self._pipes[key.data]
                        selector.unregister(key.fileobj)
                        _close(pipe)
        return self._ended(deadline, over)

    def _ended(self, deadline: float, over: Callable[[], bool]) -> bool:
        while self._process.poll() is None:
            if time.monotonic() > deadline or over():
                return False
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.1)
        return True

    def _moved(self, number: int) -> bool:
        """Move a block through one pipe; False when there is nothing more to come."""
        pipe = self._pipes[number]
        assert pipe is not None  # noqa: S101 -- only pipes that are there are registered.
        if number == 0:
            with suppress(BrokenPipeError):
                self._left = self._left[os.write(pipe.fileno(), self._left[:_BLOCK]) :]
                return bool(self._left)
            return False
        block = os.read(pipe.fileno(), _BLOCK)
        taken = self.taken[number]
        taken += block
        # One byte more than is kept tells that something was cut off.
        del taken[: max(0, len(taken) - self._kept - 1)]
        return bool(block)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(BrokenPipeError):
            pipe.close()


def _found(program: str, known: Mapping[str, str]) -> None:
    """Raise OSError unless there is such a program: what leads it would say so less plainly."""
    if shutil.which(program, path=known.get("PATH")) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program)


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _tail(path: Path, size: int) -> bytearray:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size))
        return bytearray(file.read())


def _end(
    process: subprocess.Popen[bytes], *, grace: float = _GRACE_SECONDS, alone: bool = False
) -> None:
    """End what is left of a program's group: gently, then not."""
    if process.poll() is None:
        if alone:
            process.terminate()
        else:
            _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=grace)
    # Its own children as well, when it left any.
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], kind: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, kind)


def _readable(taken: bytearray, secrets: Sequence[str], kept: int) -> str:
    """Text without secrets; they are blotted out before the cut, so that no half of one is left."""
    text = taken.decode(errors="replace")
    for secret in secrets:
        text = text.replace(secret, _REDACTED)
    if len(taken) <= kept:
        return text
    return text[-kept:]
