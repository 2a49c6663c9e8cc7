"""Whether a larger pod fits, reckoned from what nodes offer and pods request."""

from decimal import Decimal
from typing import Any

import pytest

from provisioners.kubernetes.headroom import Growth, Place, crowded, places, requested, size


def node(name: str, cpu: str, memory: str, *, ready: str = "True", **spec: Any) -> dict[str, Any]:
    status = {
        "allocatable": {"cpu": cpu, "memory": memory, "pods": "110"},
        "conditions": [{"type": "Ready", "status": ready}],
    }
    return {"metadata": {"name": name}, "spec": spec, "status": status}


def pod(node: str, cpu: str, memory: str, phase: str = "Running") -> dict[str, Any]:
    containers = [{"name": "a", "resources": {"requests": {"cpu": cpu, "memory": memory}}}]
    return {"spec": {"nodeName": node, "containers": containers}, "status": {"phase": phase}}


def grow(part: str, now: str, wanted: str, node: str = "one") -> Growth:
    return Growth(
        part=part,
        node=node,
        now=size({"cpu": "100m", "memory": now}),
        wanted=size({"cpu": "100m", "memory": wanted}),
    )


def beside(part: str, wanted: str) -> Growth:
    return Growth(part=part, wanted=size({"cpu": "100m", "memory": wanted}))


def test_what_is_left_of_a_node_is_what_no_pod_requests() -> None:
    pods = [
        pod("one", "500m", "1Gi"),
        pod("one", "1", "1Gi", phase="Succeeded"),
        pod("two", "1", "512Mi"),
        {"spec": {"containers": [{"name": "unplaced"}]}, "status": {"phase": "Pending"}},
    ]
    nodes = [
        node("one", "2", "4Gi"),
        node("two", "1500m", "2Gi", taints=[{"key": "db", "effect": "NoSchedule"}]),
        node("three", "2", "4Gi", unschedulable=True),
        node("gone", "2", "4Gi", ready="Unknown"),
    ]
    assert places(nodes, pods) == [
        Place(name="one", left=size({"cpu": "1500m", "memory": "3Gi"})),
        Place(name="two", left=size({"cpu": "500m", "memory": "1536Mi"}), open=False),
        Place(name="three", left=size({"cpu": "2", "memory": "4Gi"}), open=False),
    ]


def test_a_pod_requests_the_most_that_it_has_at_once() -> None:
    def of(memory: str, **more: Any) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": "100m", "memory": memory}}, **more}

    spec = {
        "initContainers": [of("300Mi"), of("10Mi", restartPolicy="Always")],
        "containers": [of("100Mi"), of("50Mi"), {}],
        "overhead": {"memory": "1Mi"},
    }
    assert requested({"spec": spec}) == {
        "cpu": Decimal("0.3"),
        "memory": Decimal(301 * 1024**2),
    }


@pytest.mark.parametrize(
    ("grows", "left", "told"),
    [
        pytest.param([grow("database", "1Gi", "2Gi")], {"one": "1Gi"}, "", id="its-own-is-freed"),
        pytest.param(
            [grow("database", "1Gi", "2Gi")],
            {"one": "1023Mi"},
            "database is to have 0.1 CPU and 2048 MiB, and with its own freed one has "
            "1.1 CPU and 2047 MiB",
            id="too-little",
        ),
        pytest.param(
            [grow("database", "1Gi", "2Gi")], {"one": "0", "two": "2Gi"}, "", id="another-node"
        ),
        pytest.param(
            [grow("database", "1Gi", "2Gi"), grow("search", "1Gi", "2Gi")],
            {"one": "1536Mi"},
            "search is to have 0.1 CPU and 2048 MiB, and with its own freed one has "
            "1.1 CPU and 1536 MiB",
            id="not-both",
        ),
        pytest.param([grow("database", "1Gi", "9Gi", node="gone")], {"one": "1Gi"}, "", id="lost"),
        pytest.param(
            [beside("web", "1Gi"), grow("database", "1Gi", "2Gi")],
            {"one": "1536Mi"},
            "database is to have 0.1 CPU and 2048 MiB, and with its own freed one has "
            "1 CPU and 1536 MiB",
            id="new-pods-take-its-place",
        ),
        pytest.param(
            [beside("web", "2Gi")],
            {"one": "1Gi"},
            "web is to have 0.1 CPU and 2048 MiB, and beside what runs one has 1 CPU and 1024 MiB",
            id="no-new-pod",
        ),
    ],
)
def test_what_is_to_grow_fits_or_is_told(
    grows: list[Growth], left: dict[str, str], told: str
) -> None:
    nodes = [Place(name=n, left=size({"cpu": "1", "memory": m})) for n, m in left.items()]
    assert crowded(grows, nodes) == told
