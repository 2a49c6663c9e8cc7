"""What a control plane claims for itself before anything else: its home and its address.

`__main__` makes both sure before it imports the rest, which takes seconds.
"""

import contextlib
import errno
import fcntl
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.platform import (
    AddressUnusableError,
    AlreadyRunningError,
    HomeForbiddenError,
    HomeNoDirectoryError,
    HomeReadOnlyError,
    HomeUnusableError,
    PortTakenError,
    StorageFullError,
    TooManyFilesError,
)
from controller.settings import Settings


@contextlib.contextmanager
def locked(home: Path) -> Iterator[IO[str]]:
    """Hold the home until the file is closed.

    Raises AlreadyRunningError, or what says why it cannot be used.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "controller.lock").open("a")
    except OSError as error:
        raise unusable(home, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(home=str(home)) from None
        except OSError as error:
            raise unusable(home, error) from error
        yield lock


def unusable(home: Path, error: OSError) -> StoreControllerError:
    """Why a home cannot be used, each cause with its own remedy."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StorageFullError()
        case errno.EROFS:
            return HomeReadOnlyError(home=str(home))
        case errno.EACCES | errno.EPERM:
            return HomeForbiddenError(home=str(home))
        case errno.ENOTDIR | errno.EEXIST | errno.ELOOP:
            return HomeNoDirectoryError(home=str(home))
        case errno.EMFILE | errno.ENFILE:
            return TooManyFilesError()
    told = error.strerror or str(error)
    within = error.filename is not None and Path(error.filename).parent == home
    detail = f"{Path(error.filename).name}: {told}" if within else told
    return HomeUnusableError(home=str(home), detail=detail)


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket that answers, taken first; raises PortTakenError, AddressUnusableError."""
    # Named, because asyncio switches Nagle's algorithm off only then.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTakenError(port=settings.port) from None
            where: dict[str, str | int] = {"host": settings.host, "port": settings.port}
            detail = error.strerror or str(error)
            raise AddressUnusableError(**where, detail=detail) from None
        listener.listen(1024)
        yield listener
