"""What the API server has of some kinds, kept up to date by watches; the services read it."""

import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from scripts.nodekit.base import Object

_SECONDS = 300


class Mirror:
    """Objects by kind. A kind is the path of its list: `/api/v1/pods`."""

    def __init__(self, kubeconfig: Path, authority: Path) -> None:
        content = json.loads(kubeconfig.read_text())
        self._server = content["clusters"][0]["cluster"]["server"]
        self._token = content["users"][0]["user"]["token"]
        self._trust = ssl.create_default_context(cafile=str(authority))
        self._kinds: dict[str, dict[str, Object]] = {}
        self._changed = threading.Condition()
        self._generation = 0

    def follow(self, *kinds: str) -> None:
        """Keep these kinds up to date from now on; returns when each was read once."""
        for kind in kinds:
            threading.Thread(target=self._follow, args=(kind,), daemon=True, name=kind).start()
        with self._changed:
            self._changed.wait_for(lambda: self._kinds.keys() >= set(kinds))

    def of(self, kind: str) -> list[Object]:
        """All objects of a kind."""
        with self._changed:
            return list(self._kinds[kind].values())

    def settle(self, settle: Callable[[], None]) -> None:
        """Call it now and after every change, for ever; what it raises is told and tried again."""
        seen = -1
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._generation != seen, timeout=5)  # noqa: B023
                seen = self._generation
            try:
                settle()
            except Exception as error:
                print(f"{settle.__qualname__}: {error!r}", flush=True)  # noqa: T201
                time.sleep(1)
                seen = -1
            # Changes come in groups.
            time.sleep(0.05)

    def call(self, method: str, path: str, body: object = None, kind: str = "json") -> Object:
        """One request; raises urllib.error.HTTPError for a refusal."""
        with urllib.request.urlopen(  # noqa: S310
            self._request(method, path, body, kind), context=self._trust, timeout=30
        ) as answer:
            found: Object = json.load(answer)
            return found

    def _request(
        self, method: str, path: str, body: object = None, kind: str = "json"
    ) -> urllib.request.Request:
        kinds = {"json": "application/json", "merge": "application/merge-patch+json"}
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kinds[kind]}
        return urllib.request.Request(  # noqa: S310
            self._server + path, data=data, method=method, headers=headers
        )

    def _follow(self, kind: str) -> None:
        while True:
            try:
                listed = self.call("GET", kind)
                found = {item["metadata"]["uid"]: item for item in listed["items"]}
                self._keep(lambda: self._kinds.__setitem__(kind, found))  # noqa: B023
                self._watch(kind, listed["metadata"]["resourceVersion"])
            except (OSError, HTTPException, ValueError, KeyError):
                time.sleep(0.3)

    def _watch(self, kind: str, version: str) -> None:
        joint = "&" if "?" in kind else "?"
        path = f"{kind}{joint}watch=true&resourceVersion={version}&timeoutSeconds={_SECONDS}"
        with urllib.request.urlopen(  # noqa: S310
            self._request("GET", path), context=self._trust, timeout=_SECONDS + 30
        ) as answer:
            for line in answer:
                event = json.loads(line)
                uid = event["object"]["metadata"]["uid"]
                if event["type"] == "DELETED":
                    self._keep(lambda: self._kinds[kind].pop(uid, None))  # noqa: B023
                else:
                    self._keep(lambda: self._kinds[kind].__setitem__(uid, event["object"]))  # noqa: B023

    def _keep(self, change: Callable[[], object]) -> None:
        with self._changed:
            change()
            self._generation += 1
            self._changed.notify_all()
