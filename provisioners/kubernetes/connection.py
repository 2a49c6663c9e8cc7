"""The way to one cluster's API server: the official client, kept behind plain types.

The client brings what a kubeconfig can ask for (certificates, tokens, programs that make tokens);
bodies are plain JSON, as its models would cost ten times the processor time. Nothing is global:
each connection has its own configuration and its own pool.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import urllib3
import yaml
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException, new_client_from_config
from kubernetes.stream import ws_client
from websocket import WebSocketException

from provisioners.kubernetes.errors import (
    BusyError,
    ClusterConfigError,
    ClusterError,
    StreamCutError,
    UnreachableError,
    error_of,
)

JSON = "application/json"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
METADATA_CHANGES = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_CONNECT_SECONDS = 5.0
_PLACE = re.compile(r"^HTTPS?Connection\(host='([^']*)', port=(\d+)\): ")
_USER_AGENT = "store-controller"
_SIGNED_SECONDS = 10.0
_POOL = 32

Json = dict[str, Any]
Query = Mapping[str, str | int | bool]


class Connection:
    """Requests to one cluster; may be used by any number of threads."""

    def __init__(
        self, kubeconfig: Path, *, context: str | None = None, timeout: float = 15.0
    ) -> None:
        self.kubeconfig = kubeconfig
        self.context = context
        self._timeout = timeout
        self._api = _api_client(kubeconfig, context)
        self._host = str(self._api.configuration.host).rstrip("/")
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, str]] = (0.0, {})
        self._since: datetime | None = None
        self._silent_until = 0.0
        """Until when the server wants to be left alone, by the monotonic clock."""

    @property
    def unreachable_since(self) -> datetime | None:
        """Since when nothing answers; None while it does."""
        return self._since

    def version(self) -> str:
        """The version of Kubernetes, as 1.36.2; raises ClusterError."""
        return str(self.get("/version")["gitVersion"]).removeprefix("v")

    def get(self, path: str, query: Query | None = None, *, accept: str = JSON) -> Json:
        """One object or list; raises ClusterError."""
        return self.request("GET", path, query=query, accept=accept)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Json | None = None,
        content: str = JSON,
        accept: str = JSON,
    ) -> Json:
        """Send a request, return the object in its answer; raises ClusterError."""
        data = self._send(method, path, query, body, (content, accept)).data
        return dict(orjson.loads(data)) if data else {}

    def text(self, path: str, query: Query | None = None) -> str:
        """An answer that is text, such as a log; raises ClusterError."""
        data: bytes = self._send("GET", path, query, None, (JSON, "*/*")).data
        return data.decode(errors="replace")

    def pages(self, path: str, query: Query | None = None, *, accept: str = JSON) -> Iterator[Json]:
        """Every page of a list; raises ClusterError, GoneError when it took too long."""
        more: dict[str, str | int | bool] = {"limit": 500}
        while True:
            page = self.get(path, {**(query or {}), **more}, accept=accept)
            # A list without anything is null where only metadata was asked for.
            page["items"] = page.get("items") or []
            yield page
            token = page["metadata"].get("continue")
            if not token:
                return
            more["continue"] = token

    @contextmanager
    def stream(
        self, path: str, query: Query | None = None, *, idle: float, accept: str = "*/*"
    ) -> Iterator["Stream"]:
        """An answer that comes line by line; nothing for `idle` seconds is a cut connection."""
        answer = self._send("GET", path, query, None, (JSON, accept), idle=idle)
        stream = Stream(answer)
        try:
            yield stream
        finally:
            stream.close()

    def execute(self, path: str, query: str, *, timeout: float) -> tuple[int, str, str]:
        """Run a program in a container: status, output, error output; raises ClusterError."""
        _, url, headers, _, _ = self._api.param_serialize(
            "GET", f"{path}?{query}", query_params=[], auth_settings=["BearerToken"]
        )
        headers["sec-websocket-protocol"] = ws_client.V4_CHANNEL_PROTOCOL
        try:
            session = ws_client.websocket_call(  # type: ignore[no-untyped-call]
                self._api.configuration, "GET", url, headers=headers, _preload_content=False
            )
        except ApiException as error:
            raise StreamCutError(str(error.reason)) from error
        plain = session.sock.sock
        try:
            session.run_forever(timeout=timeout)
            if session.is_open():
                raise StreamCutError(f"it did not end in {timeout:g} seconds")
            out, err = session.read_channel(1), session.read_channel(2)
            return int(session.returncode), out, err
        except (TypeError, KeyError, ValueError) as error:
            raise StreamCutError("the connection ended before the program did") from error
        except (OSError, WebSocketException) as error:
            raise StreamCutError(_reason(error)) from error
        finally:
            session.close()
            # The client was seen to leave it open after a program that ended by itself.
            plain.close()

    def close(self) -> None:
        """Let go of every connection."""
        self._api.close()  # type: ignore[no-untyped-call]

    def _send(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Json | None,
        types: tuple[str, str],
        *,
        idle: float | None = None,
    ) -> Any:
        content, accept = types
        if query:
            path = f"{path}?{urlencode({name: _word(value) for name, value in query.items()})}"
        if (left := self._silent_until - time.monotonic()) > 0:
            raise BusyError("the server asked to be left alone", retry_after=left)
        asked = datetime.now(UTC)
        try:
            # The client's own way there copies every body several times and reads ours as models.
            answer = self._api.rest_client.pool_manager.request(
                method,
                f"{self._host}{path}",
                body=None if body is None else orjson.dumps(body),
                headers=self._headers(content, accept),
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=idle or self._timeout),
                preload_content=idle is None,
            )
            if answer.status >= 300 and idle is not None:
                answer.read(cache_content=True)
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            raise self._lost(error) from error
        with self._lock:
            # An answer that was under way already when another was lost says nothing of now.
            if self._since is not None and self._since < asked:
                self._since = None
        if answer.status >= 300:
            raise self._refused(error_of(answer.status, answer.headers, answer.data or b""))
        return answer

    def _headers(self, content: str, accept: str) -> dict[str, str]:
        return {"Accept": accept, "Content-Type": content, **self._signed()}

    def _signed(self) -> dict[str, str]:
        """Whatever the kubeconfig signs in with; asked for again now and then, as it may end."""
        now = time.monotonic()
        with self._lock:
            until, headers = self._known
        if now < until:
            return headers
        headers = {"User-Agent": _USER_AGENT}
        self._api.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)
        with self._lock:
            self._known = (now + _SIGNED_SECONDS, headers)
        return headers

    def _refused(self, error: ClusterError) -> ClusterError:
        """Remember that a server with too much to do named a time, for whoever asks next."""
        if isinstance(error, BusyError):
            with self._lock:
                until = time.monotonic() + error.retry_after
                self._silent_until = max(self._silent_until, until)
        return error

    def _lost(self, error: Exception) -> UnreachableError:
        with self._lock:
            self._since = self._since or datetime.now(UTC)
            return UnreachableError(self._since, _reason(error))


class Stream:
    """Lines of one answer, as they come."""

    def __init__(self, answer: urllib3.HTTPResponse) -> None:
        self._answer = answer
        self._closed = False

    def lines(self) -> Iterator[bytes]:
        """Whole lines until the server ends the answer; raises StreamCutError."""
        rest = b""
        try:
            for block in self._answer.stream(65_536):
                *whole, rest = (rest + block).split(b"\n")
                yield from whole
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if self._closed:
                return
            raise StreamCutError(_reason(error)) from error

    def interrupt(self) -> None:
        """End `lines`, from any thread."""
        self._closed = True
        try:
            self._answer.shutdown()
        except (OSError, ValueError, RuntimeError):
            return

    def close(self) -> None:
        """Let go of the connection, which cannot be used again."""
        self._closed = True
        self._answer.close()


def _api_client(kubeconfig: Path, context: str | None) -> client.ApiClient:
    configuration = client.Configuration()
    # A lost connection of the pool is asked for again once; every status is ours to judge.
    configuration.retries = urllib3.Retry(
        total=1, status=0, allowed_methods=frozenset({"GET"}), respect_retry_after_header=False
    )
    configuration.connection_pool_maxsize = _POOL
    configuration.keep_alive = True
    try:
        api: client.ApiClient = new_client_from_config(  # type: ignore[no-untyped-call]
            config_file=str(kubeconfig),
            context=context,
            persist_config=False,
            client_configuration=configuration,
        )
    except (ConfigException, yaml.YAMLError, OSError, ValueError) as error:
        raise ClusterConfigError(str(error)) from error
    return api


def _word(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reason(error: Exception) -> str:
    """What is behind a client's error, without the addresses of its objects."""
    cause = getattr(error, "reason", None) or error
    inner = [item for item in getattr(cause, "args", ()) if isinstance(item, Exception)]
    # An aborted connection is a pair of these words and of what aborted it.
    cause = inner[-1] if inner else cause
    text = str(cause).split(": ", 1)[-1] if "object at 0x" in str(cause) else str(cause)
    return _PLACE.sub(r"\1:\2: ", text)[:300]
