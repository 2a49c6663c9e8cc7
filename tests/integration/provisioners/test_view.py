"""The view keeps the newest of each object, whatever order news comes in."""

from typing import Any

from provisioners.kubernetes.view import View


def pod(name: str, version: int, namespace: str = "store-a", phase: str = "Running") -> Any:
    metadata = {"name": name, "namespace": namespace, "resourceVersion": str(version)}
    return {"metadata": metadata | {"managedFields": ["much"]}, "status": {"phase": phase}}


def phases(view: View) -> dict[str, str]:
    return {item["metadata"]["name"]: item["status"]["phase"] for item in view.of("pod", "store-a")}


def test_an_older_version_replaces_nothing() -> None:
    view = View("store-")
    view.put("pod", pod("web", 10, phase="Running"))
    view.put("pod", pod("web", 9, phase="Pending"))
    view.drop("pod", pod("web", 9))
    assert phases(view) == {"web": "Running"}
    view.drop("pod", pod("web", 11))
    assert (phases(view), view.size()) == ({}, 0)


def test_a_list_forgets_what_is_gone_but_not_what_came_after_it() -> None:
    view = View("store-")
    view.put("pod", pod("gone", 5))
    view.put("pod", pod("fresh", 30))
    view.put("pod", pod("other", 5, namespace="store-b"))
    view.replace("pod", [pod("web", 12)], 20, "store-a")
    assert set(phases(view)) == {"fresh", "web"}
    assert len(view.of("pod", "store-b")) == 1
    view.replace("pod", [], 40)
    assert view.size() == 0


def test_only_what_is_asked_about_is_kept() -> None:
    view = View("store-")
    view.put("pod", pod("web", 1))
    view.put("pod", pod("stranger", 1, namespace="kube-system"))
    assert view.size() == 1
    assert "managedFields" not in view.of("pod", "store-a")[0]["metadata"]
