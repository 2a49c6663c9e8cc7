"""Volumes: each an ext4 of its own size on a sparse file, so `lost+found` and a full disk are real.

They are local volumes, which the kubelet gives to the pod's fsGroup. They grow with their claim
where the machine can have them grow, and go with it.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

from scripts.nodekit.base import NODE, STORAGE_CLASS, NodeError, Object, run
from scripts.nodekit.mirror import Mirror

CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
PROVISIONER = "storecontroller.io/node"
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
CLASS: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": STORAGE_CLASS,
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": PROVISIONER,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "Immediate",
}
# The kernel lets a mounted filesystem grow for whoever may exceed resources, and for nobody else.
_SYS_RESOURCE = 1 << 24


def storage_class() -> Object:
    """The class, which lets volumes grow where this machine does."""
    held = Path("/proc/self/status").read_text().partition("CapEff:")[2].split()[0]
    return {**CLASS, "allowVolumeExpansion": bool(int(held, 16) & _SYS_RESOURCE)}


class Provisioner:
    """Makes, grows and removes the volumes of one class below a directory."""

    def __init__(self, mirror: Mirror, directory: Path) -> None:
        self._mirror = mirror
        self._directory = directory
        directory.mkdir(exist_ok=True)

    def settle(self) -> None:
        """Bring the volumes to what the claims say."""
        volumes = {item["metadata"]["name"]: item for item in self._mirror.of(VOLUMES)}
        for claim in self._mirror.of(CLAIMS):
            if claim["spec"].get("storageClassName") != STORAGE_CLASS:
                continue
            name = f"pvc-{claim['metadata']['uid']}"
            if claim["status"].get("phase") == "Pending" and name not in volumes:
                self._make(name, claim)
            elif name in volumes:
                self._grow(volumes[name], claim)
        for name, volume in volumes.items():
            if volume["status"].get("phase") == "Released":
                self._remove(name)

    def _make(self, name: str, claim: Object) -> None:
        size = claim["spec"]["resources"]["requests"]["storage"]
        place, image = self._directory / name, self._directory / f"{name}.img"
        if not place.is_mount():
            place.mkdir(exist_ok=True)
            with image.open("wb") as opened:
                opened.truncate(quantity(size))
            options = "lazy_itable_init=1,lazy_journal_init=1,nodiscard"
            run("mkfs.ext4", "-q", "-m", "0", "-E", options, image)
            run("mount", "-o", "loop", image, place)
        metadata = claim["metadata"]
        whose = {key: metadata[key] for key in ("namespace", "name", "uid")}
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}
        with suppress(HTTPError):
            self._mirror.call(
                "POST",
                VOLUMES,
                {
                    "apiVersion": "v1",
                    "kind": "PersistentVolume",
                    "metadata": {
                        "name": name,
                        "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
                    },
                    "spec": {
                        "capacity": {"storage": size},
                        "accessModes": claim["spec"]["accessModes"],
                        "persistentVolumeReclaimPolicy": "Delete",
                        "storageClassName": STORAGE_CLASS,
                        "local": {"path": str(place)},
                        "claimRef": {
                            "apiVersion": "v1",
                            "kind": "PersistentVolumeClaim",
                            **whose,
                        },
                        "nodeAffinity": {
                            "required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}
                        },
                    },
                },
            )

    def _grow(self, volume: Object, claim: Object) -> None:
        wanted = claim["spec"]["resources"]["requests"]["storage"]
        has = volume["spec"]["capacity"]["storage"]
        name = volume["metadata"]["name"]
        image = self._directory / f"{name}.img"
        if quantity(wanted) > quantity(has):
            with image.open("r+b") as opened:
                opened.truncate(quantity(wanted))
            device = run("findmnt", "-no", "SOURCE", self._directory / name).strip()
            run("losetup", "--set-capacity", device)
            run("resize2fs", device)
            grown = {"spec": {"capacity": {"storage": wanted}}}
            self._mirror.call("PATCH", f"{VOLUMES}/{name}", grown, "merge")
        elif claim["status"].get("phase") == "Bound" and wanted != claim["status"].get(
            "capacity", {}
        ).get("storage"):
            metadata = claim["metadata"]
            path = f"/api/v1/namespaces/{metadata['namespace']}/persistentvolumeclaims"
            told = {"status": {"capacity": {"storage": wanted}, "conditions": None}}
            self._mirror.call("PATCH", f"{path}/{metadata['name']}/status", told, "merge")

    def _remove(self, name: str) -> None:
        place = self._directory / name
        if place.is_mount():
            # A pod that is just ending may hold it; then this is tried again.
            run("umount", place)
        shutil.rmtree(place, ignore_errors=True)
        (self._directory / f"{name}.img").unlink(missing_ok=True)
        with suppress(HTTPError):
            self._mirror.call("DELETE", f"{VOLUMES}/{name}")


def quantity(text: str) -> int:
    """A Kubernetes quantity in bytes. Raises NodeError for units that volumes do not have."""
    unit = text.lstrip("0123456789.")
    if unit not in _UNITS:
        raise NodeError(f"no size of a volume: {text}")
    return int(float(text.removesuffix(unit)) * _UNITS[unit])
