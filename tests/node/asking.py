"""How the tests ask: shops as shoppers do, and `storectl why` as a person reads it."""

import contextlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cluster.given import DOMAIN
from tests.cluster.stage import Stage
from tests.control_plane import until

PATIENCE = 240.0


def front(name: str) -> str:
    """Where shoppers reach a shop."""
    return f"https://{name}.{DOMAIN}/"


def status(url: str) -> int:
    """How a page is answered; 0 when it is not."""
    try:
        with urllib.request.urlopen(url, timeout=20) as page:
            return int(page.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def cause(stage: Stage, name: str) -> Any:
    """The probable cause, as programs read it."""
    return stage.call("GET", f"/stores/{name}/why")["status"]["cause"]


def told(stage: Stage, name: str, code: str, *words: str) -> str:
    """What a person reads once this is the probable cause and these words are in it."""
    seen: list[str] = []

    def known() -> str | None:
        found = cause(stage, name)
        seen[:] = [f"{found['code']}: {found['message']}"]
        if found["code"] != code:
            return None
        done = stage.storectl("why", name)
        text = " ".join(done.stdout.split())
        seen.append(text)
        return text if done.returncode == 0 and all(word in text for word in words) else None

    try:
        return until(known, f"{name} tells {code} {words}", PATIENCE)
    except AssertionError as error:
        raise AssertionError("\n".join([str(error), *seen])) from None


def well(stage: Stage, name: str) -> None:
    """Wait until a shop is ready and nothing is wrong with it."""
    until(
        lambda: stage.phase(name) == "Ready" and cause(stage, name)["code"] == "nothing",
        f"{name} is well",
        PATIENCE,
    )


class Shopper:
    """Somebody who asks for a page again and again, and remembers how it was answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[int] = []
        self._stop = threading.Event()

    @contextmanager
    def shopping(self) -> Iterator["Shopper"]:
        """Ask until the context ends."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self.answers.append(status(self.url))


def settled(seconds: float) -> None:
    """Let a while pass in which nothing may happen: absence has no event to wait for."""
    with contextlib.suppress(TimeoutError):
        time.sleep(seconds)
