"""How full volumes are, from what kubelets measure (`/stats/summary`)."""

from typing import Any

from provisioners.kubernetes.causekinds import CauseKind
from provisioners.kubernetes.causes import causes
from provisioners.kubernetes.fullness import Usage, filling
from provisioners.kubernetes.view import View

GIB = 1024**3


def volume(claim: str, left: float, *, inodes_free: int = 600_000) -> dict[str, Any]:
    return {
        "time": "2026-01-01T12:00:00Z",
        "availableBytes": int(left * GIB),
        "capacityBytes": 10 * GIB,
        "usedBytes": int((9.5 - left) * GIB),
        "inodesFree": inodes_free,
        "inodes": 655_360,
        "inodesUsed": 655_360 - inodes_free,
        "name": "data",
        "pvcRef": {"name": claim, "namespace": "store-a"},
        "volumeHealthStats": {"abnormal": False},
    }


def pod(*volumes: dict[str, Any]) -> dict[str, Any]:
    scratch = {"name": "tmp", "capacityBytes": GIB, "availableBytes": 0}
    return {"podRef": {"name": "p", "namespace": "store-a"}, "volume": [scratch, *volumes]}


def test_volumes_that_are_nearly_full_are_named_once_and_the_others_are_not() -> None:
    told = filling(
        [
            pod(volume("media", 0.9), volume("database", 5.0)),
            pod(volume("media", 0.9)),
            pod(volume("search", 9.0, inodes_free=1000)),
            {"podRef": {}, "volume": [{"pvcRef": {"name": "x", "namespace": "other"}}]},
            {"podRef": {}},
        ],
        "store-",
    )
    assert told == {
        "store-a": (
            Usage(claim="search", percent=99, left=9 * GIB),
            Usage(claim="media", percent=91, left=int(0.9 * GIB)),
        )
    }


def test_a_full_volume_is_a_cause_before_anything_dies_of_it() -> None:
    view = View("store-")
    labels = {"app.kubernetes.io/component": "database"}
    metadata = {"name": "s-database", "namespace": "store-a", "resourceVersion": "1"}
    view.put("claim", {"metadata": {**metadata, "labels": labels}, "status": {"phase": "Bound"}})
    for percent, kind in ((93, CauseKind.FILLING), (99, CauseKind.DISK)):
        usage = Usage(claim="s-database", percent=percent, left=50 * 1024**2)
        (found,) = causes(view, "store-a", [], full=[usage], beside=True)
        assert (found.kind, found.part, found.about) == (kind, "database", "s-database")
        assert found.message == f"{percent} % of it is used, 50 MiB are left"
