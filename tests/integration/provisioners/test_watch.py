"""A watch goes on after whatever happens to it, and lists again only when it has to."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from provisioners.kubernetes import watch
from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.errors import ClusterError
from provisioners.kubernetes.view import PATHS
from provisioners.kubernetes.watch import Watches

from .conftest import Answer, Script

PODS = "/api/v1/pods"
WORKLOADS = (
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/statefulsets",
    "/apis/batch/v1/jobs",
)
OTHERS = (
    *("/api/v1/persistentvolumeclaims", "/api/v1/secrets", "/api/v1/events"),
    *PATHS.values(),
)


def pod(version: int, phase: str = "Running") -> Any:
    metadata = {"name": "web", "namespace": "store-a", "resourceVersion": str(version)}
    return {"metadata": metadata, "status": {"phase": phase}}


def change(kind: str, version: int, phase: str = "Running") -> Any:
    return {"type": kind, "object": pod(version, phase)}


def listed(version: int, *items: Any) -> Answer:
    body = {"metadata": {"resourceVersion": str(version)}, "items": list(items)}
    return Answer(body=body)


GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
BOOKMARK = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "77"}}}


@pytest.fixture
def watches(api: Script, connection: Connection) -> Iterator[Watches]:
    for path in OTHERS:
        api.says(f"GET {path}", listed(1))
    found = Watches(connection, selector="storecontroller.io/uid", prefix="store-")
    yield found
    api.closing.set()
    found.close()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def asked_from(api: Script) -> list[str]:
    return [asked.query["resourceVersion"] for asked in api.watches() if asked.path == PODS]


def test_changes_follow_the_list(api: Script, watches: Watches) -> None:
    api.says(f"GET {PODS}", listed(5, pod(3, "Pending")))
    steps = (change("MODIFIED", 6), BOOKMARK)
    api.says(f"WATCH {PODS}", Answer(lines=steps, hold=True))
    view = watches.synced(10)
    until(lambda: view.of("pod", "store-a")[0]["status"] == {"phase": "Running"})
    query = next(asked.query for asked in api.watches() if asked.path == PODS)
    assert query["labelSelector"] == "storecontroller.io/uid"
    assert query["resourceVersion"] == "5"


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "ended by the server"])
def test_a_watch_that_ends_resumes_after_the_last_change_without_a_list(
    api: Script, watches: Watches, cut: bool
) -> None:
    api.says(f"GET {PODS}", listed(5))
    api.says(
        f"WATCH {PODS}",
        Answer(lines=(change("ADDED", 6, "Pending"), BOOKMARK), cut=cut),
        Answer(lines=(change("MODIFIED", 80),), hold=True),
    )
    view = watches.synced(10)
    until(lambda: [item["status"] for item in view.of("pod", "store-a")] == [{"phase": "Running"}])
    assert asked_from(api)[:2] == ["5", "77"]
    assert watches.relists()["pod"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(lines=(GONE,)),
        Answer(status=410, body={"kind": "Status", "message": "too old"}),
    ],
    ids=["410 as an event", "410 as a status"],
)
def test_a_place_that_is_forgotten_begins_with_a_list(
    api: Script, watches: Watches, answer: Answer
) -> None:
    api.says(f"GET {PODS}", listed(5, pod(3)), listed(90))
    api.says(f"WATCH {PODS}", answer)
    view = watches.synced(10)
    until(lambda: watches.relists()["pod"] == 2)
    until(lambda: view.of("pod", "store-a") == [])
    until(lambda: asked_from(api) == ["5", "90"])


def test_a_busy_or_broken_server_is_asked_again_when_it_wants(
    api: Script, watches: Watches
) -> None:
    api.says(
        f"GET {PODS}",
        Answer(status=500, body={"message": "etcd"}),
        Answer(status=429, headers={"Retry-After": "0.4"}, body={"message": "later"}),
        listed(5, pod(3)),
    )
    began = time.monotonic()
    assert len(watches.synced(10).of("pod", "store-a")) == 1
    assert time.monotonic() - began > 0.4


def test_a_cluster_that_cannot_be_listed_says_why(api: Script, watches: Watches) -> None:
    api.says(f"GET {PODS}", *(Answer(status=403, body={"message": "no"}) for _ in range(20)))
    with pytest.raises(ClusterError) as caught:
        watches.synced(0.5)
    assert caught.value.code == "cluster_forbidden"


def test_the_workloads_of_one_namespace_can_be_read_at_once(api: Script, watches: Watches) -> None:
    api.says(f"GET {PODS}", listed(5, pod(3)))
    view = watches.synced(10)
    for path in WORKLOADS:
        base, _, plural = path.rpartition("/")
        things = [pod(9)] if plural == "deployments" else []
        api.says(f"GET {base}/namespaces/store-a/{plural}", listed(10, *things))
    watches.refresh("store-a", "deployment", "statefulset", "job")
    assert [thing["metadata"]["name"] for thing in view.of("deployment", "store-a")] == ["web"]


def test_of_secrets_only_the_metadata_is_asked_for(api: Script, watches: Watches) -> None:
    api.says(f"GET {PODS}", listed(5))
    view = watches.synced(10)
    asked = [item.headers["accept"] for item in api.asked if item.path == "/api/v1/secrets"]
    assert asked
    assert all("as=PartialObjectMetadata" in accept for accept in asked)
    labels = {"owner": "helm"}
    metadata = {"namespace": "store-a", "resourceVersion": "7", "name": "key", "labels": labels}
    view.put("secret", {"metadata": metadata, "data": {"key": "c2VjcmV0"}})
    assert view.one("secret", "store-a", "key") == {"metadata": {**metadata, "owners": []}}


def test_a_watch_that_does_not_come_back_is_behind(
    api: Script, watches: Watches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_BEHIND_SECONDS", 0.2)
    refused = Answer(status=403, body={"message": "no"})
    api.says(f"GET {PODS}", listed(5, pod(3)))
    api.says(f"WATCH {PODS}", *[refused] * 4)
    watches.synced(10)
    until(watches.behind)
    until(lambda: not watches.behind())
