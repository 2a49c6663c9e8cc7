"""What an API server can answer becomes one error per kind; a lost one has a time."""

import json
import socket
from pathlib import Path

import pytest

from provisioners.base import DriverFailure
from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.errors import (
    BusyError,
    ClusterConfigError,
    ClusterError,
    ConflictError,
    FaultError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    QuotaError,
    RefusedError,
    StreamCutError,
    TerminatingError,
    UnreachableError,
)

from .conftest import Answer, Script

PLACE = "/api/v1/namespaces"


@pytest.mark.parametrize(
    ("status", "message", "kind", "code", "transient"),
    [
        (401, "Unauthorized", ForbiddenError, "cluster_forbidden", True),
        (403, "cannot list", ForbiddenError, "cluster_forbidden", True),
        (403, "pods x: exceeded quota: y", QuotaError, "quota_exceeded", True),
        (
            403,
            "in namespace a because it is being terminated",
            TerminatingError,
            "namespace_terminating",
            True,
        ),
        (404, "not found", NotFoundError, "cluster_not_found", True),
        (409, "the object has been modified", ConflictError, "cluster_conflict", True),
        (410, "too old resource version", GoneError, "cluster_gone", True),
        (422, "is invalid", RefusedError, "cluster_refused", False),
        (500, "etcdserver: leader changed", FaultError, "cluster_fault", True),
        (503, "apiserver is shutting down", FaultError, "cluster_fault", True),
    ],
)
def test_each_answer_has_its_error(  # noqa: PLR0917
    api: Script,
    connection: Connection,
    status: int,
    message: str,
    kind: type[ClusterError],
    code: str,
    transient: bool,
) -> None:
    api.says(f"GET {PLACE}", Answer(status=status, body={"kind": "Status", "message": message}))
    with pytest.raises(kind) as caught:
        connection.get(PLACE)
    assert isinstance(caught.value, DriverFailure)
    assert (caught.value.code, caught.value.transient) == (code, transient)
    assert message in caught.value.detail


def test_a_busy_server_says_for_how_long_and_is_left_alone(
    api: Script, connection: Connection
) -> None:
    busy = Answer(status=429, headers={"Retry-After": "7"}, body={"message": "later"})
    api.says(f"GET {PLACE}", busy)
    with pytest.raises(BusyError) as caught:
        connection.get(PLACE)
    assert caught.value.retry_after == 7.0
    # Whoever asks next, and whatever: nothing is sent before the time.
    with pytest.raises(BusyError) as caught:
        connection.request("POST", PLACE, body={})
    assert 6.0 < caught.value.retry_after <= 7.0
    assert len(api.asked) == 1


def test_a_question_whose_connection_was_lost_is_asked_once_more(
    api: Script, connection: Connection
) -> None:
    api.says(f"GET {PLACE}", Answer(cut=True), Answer(body={"items": []}))
    assert connection.get(PLACE) == {"items": []}
    assert connection.unreachable_since is None


def test_a_write_whose_connection_was_lost_is_not_sent_twice(
    api: Script, connection: Connection
) -> None:
    api.says(f"POST {PLACE}", Answer(cut=True), Answer(body={}))
    with pytest.raises(UnreachableError):
        connection.request("POST", PLACE, body={"kind": "Namespace"})
    assert len(api.asked) == 1


def test_a_server_that_is_gone_is_unreachable_since_then_until_it_answers(
    api: Script, connection: Connection
) -> None:
    api.says(f"GET {PLACE}", *(Answer(cut=True) for _ in range(4)))
    with pytest.raises(UnreachableError) as first:
        connection.get(PLACE)
    with pytest.raises(UnreachableError) as second:
        connection.get(PLACE)
    assert first.value.since == second.value.since == connection.unreachable_since
    assert "unreachable since 20" in first.value.detail
    api.says(f"GET {PLACE}", Answer(status=404, body={}))
    with pytest.raises(NotFoundError):
        connection.get(PLACE)
    assert connection.unreachable_since is None


def test_nobody_listening_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = {
        "clusters": [{"name": "a", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "current-context": "a",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    connection = Connection(tmp_path / "kubeconfig")
    with pytest.raises(UnreachableError) as caught:
        connection.get(PLACE)
    assert "refused" in caught.value.detail
    assert "0x" not in caught.value.detail
    connection.close()


@pytest.mark.parametrize("content", ["", "{}", "[", '{"current-context": "b", "contexts": []}'])
def test_a_kubeconfig_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "kubeconfig").write_text(content)
    with pytest.raises(ClusterConfigError) as caught:
        Connection(tmp_path / "kubeconfig")
    assert not caught.value.transient


def test_the_token_goes_along_and_pages_are_joined(api: Script, connection: Connection) -> None:
    api.says(
        f"GET {PLACE}",
        Answer(body={"metadata": {"continue": "next"}, "items": [1]}),
        Answer(body={"metadata": {}, "items": None}),
    )
    assert [page["items"] for page in connection.pages(PLACE)] == [[1], []]
    assert api.asked[1].query["continue"] == "next"
    assert api.asked[0].headers["authorization"] == "Bearer t0ken"


def test_a_stream_that_is_cut_says_so_after_its_whole_lines(
    api: Script, connection: Connection
) -> None:
    api.says(f"GET {PLACE}", Answer(lines=({"a": 1}, {"b": 2}), cut=True))
    with connection.stream(PLACE, idle=5) as stream:
        lines = stream.lines()
        assert [next(lines), next(lines)] == [b'{"a": 1}', b'{"b": 2}']
        with pytest.raises(StreamCutError):
            next(lines)
