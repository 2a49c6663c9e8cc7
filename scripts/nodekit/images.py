"""The images that run on the node: built by buildah on a Debian made here, given to containerd.

Nothing is pulled from a registry of images. They are named as the charts' own values name them, so
that a release which says nothing else finds them.
"""

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scripts.clusterkit.base import BIN
from scripts.nodekit.base import CACHE, ROOT, NodeError, Object, run
from scripts.nodekit.programs import PAUSE
from scripts.nodekit.world import World

_CONTEXTS = Path(__file__).resolve().parent / "contexts"
_BASE = "localhost/base:latest"
_STORAGE = CACHE / "storage"
_LAYOUT = CACHE / "oci"
# What it mounts, and leaves mounted when it is killed, is gone with it.
_PRIVATE = ("unshare", "--mount", "--propagation", "private")
_BUILDAH = ("buildah", "--root", _STORAGE, "--runroot", CACHE / "runroot", "--storage-driver")
_NAME = "org.opencontainers.image.ref.name"
_MODULES = ("transport-netty4", "analysis-common", "lang-painless")
TREE = "MAGENTO_TREE"
"""The variable that names a complete tree of Magento beside the project."""
REGISTRY = "registry.example.com"
"""Where images of our own are said to come from; nobody ever asks it."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """How an image is made. `context` returns the directory that it is built in."""

    reference: str
    context: Callable[[], Path]
    dockerfile: str = "Dockerfile"
    arguments: dict[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    """Further names that it is known by on the node."""
    trusts: bool = False
    """Whether its build asks Python's index, maybe behind a proxy with an authority of its own."""


def _value(chart: str, *path: str) -> str:
    """The reference of an image in a chart's values."""
    found: Any = yaml.safe_load((ROOT / "helm" / chart / "values.yaml").read_text())
    for part in path:
        found = found[part]
    return f"{found['repository']}:{found['tag']}"


def _given(name: str) -> Callable[[], Path]:
    return lambda: _CONTEXTS / name


def _copy(name: str, files: dict[str, Path], source: Path | None = None) -> Path:
    """A context of its own with these files in it."""
    place = CACHE / "contexts" / name
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source or _CONTEXTS / name, place)
    for target, origin in files.items():
        (place / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, place / target)
        (place / target).chmod(0o555)
    return place


def _kubectl() -> Path:
    return _copy("kubectl", {"kubectl": BIN / "kubectl"})


def _opensearch() -> Path:
    """OpenSearch's artifacts from Maven, laid out as in its distribution."""
    made = CACHE / "opensearch"
    if not (made / "whole").exists():
        shutil.rmtree(made, ignore_errors=True)
        _artifacts("server", made / "lib")
        served = {_artifact(path) for path in (made / "lib").iterdir()}
        for module in _MODULES:
            place = made / "modules" / module
            _artifacts(module, place)
            for path in list(place.iterdir()):
                # A class that the server has as well is refused.
                if _artifact(path) in served:
                    path.unlink()
            given = _CONTEXTS / "opensearch" / "modules" / module
            shutil.copytree(given, place, dirs_exist_ok=True)
        (made / "whole").touch()
    place = _copy("opensearch", {})
    shutil.copytree(made, place / "made", copy_function=os.link)
    return place


def _artifacts(profile: str, target: Path) -> None:
    pom = _CONTEXTS / "opensearch" / "pom.xml"
    options = ("-DincludeScope=runtime", f"-DoutputDirectory={target}")
    run("mvn", "-q", "-B", "-f", pom, f"-P{profile}", "dependency:copy-dependencies", *options)


def _artifact(path: Path) -> str:
    return re.sub(r"-\d.*", "", path.name)


def _controller() -> Path:
    """The repository as git knows it, with the tools that would be downloaded."""
    place = CACHE / "contexts" / "controller"
    shutil.rmtree(place, ignore_errors=True)
    _checkout(place)
    for name, program in (("helm", "helm4"), ("tofu", "tofu")):
        if (BIN / program).exists():
            shutil.copyfile(BIN / program, place / "images/controller/tools" / name)
            (place / "images/controller/tools" / name).chmod(0o555)
    return place


def _checkout(place: Path) -> None:
    """The files of the working copy that are not ignored."""
    for name in run("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z").split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            # Charts share templates by links.
            shutil.copy(source, place / name, follow_symlinks=False)


def _shop() -> Path:
    """The store image's context with the tree that MAGENTO_TREE names. Raises NodeError."""
    tree = Path(os.environ.get(TREE, "")).absolute()
    if not os.environ.get(TREE) or not (tree / "composer.json").exists():
        raise NodeError(f"{TREE} names no complete tree of Magento")
    place = CACHE / "contexts" / "shop"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(ROOT / "images" / "magento", place)
    shutil.copytree(tree, place / "tree", symlinks=True, ignore=shutil.ignore_patterns(".git"))
    return place


def _sandbox() -> Path:
    """The repository as git knows it."""
    place = CACHE / "contexts" / "sandbox"
    shutil.rmtree(place, ignore_errors=True)
    _checkout(place)
    return place


SHOP = f"{REGISTRY}/shop:2.4.7-p3"
NEXT_SHOP = f"{REGISTRY}/shop:2.4.7-p4"
"""The same image under another name, to be moved to."""
SANDBOX = f"{REGISTRY}/sandbox:1"
CONTROLLER = f"{REGISTRY}/controller:test"
IMAGES = {
    "pause": Image(reference=PAUSE, context=_given("pause")),
    "kubectl": Image(reference=_value("magento", "install", "kubectl"), context=_kubectl),
    "mariadb": Image(reference=_value("magento", "database", "image"), context=_given("mariadb")),
    "valkey": Image(reference=_value("magento", "valkey", "image"), context=_given("valkey")),
    "varnish": Image(reference=_value("magento", "pageCache", "image"), context=_given("varnish")),
    "opensearch": Image(reference=_value("magento", "search", "image"), context=_opensearch),
    "postgres": Image(
        reference=_value("controller", "database", "image"), context=_given("postgres")
    ),
    "controller": Image(
        reference=CONTROLLER,
        context=_controller,
        dockerfile="images/controller/Dockerfile",
        trusts=True,
        also=(f"{CONTROLLER}-next",),
    ),
    "sandbox": Image(
        reference=SANDBOX,
        context=_sandbox,
        dockerfile="images/sandbox/Dockerfile",
        also=(f"{SANDBOX}-next",),
        trusts=True,
    ),
    "standin": Image(
        reference=SHOP,
        context=_given("standin"),
        arguments={"SANDBOX": SANDBOX},
        also=(NEXT_SHOP,),
    ),
    "shop": Image(
        reference=SHOP,
        context=_shop,
        arguments={"DISTRIBUTION": "magento", "SOURCE": "tree"},
        also=(NEXT_SHOP,),
    ),
}
"""By name. The shop and its stand-in have one reference, so a node has one of the two."""
NAMES = tuple(IMAGES)


def bring(world: World, names: Sequence[str]) -> None:
    """Build what is not built and hand it to the node. Raises NodeError."""
    build(names)
    load(world, names)


def build(names: Sequence[str]) -> None:
    """Build these images; what did not change is taken from the cache. Raises NodeError."""
    if unknown := set(names) - IMAGES.keys():
        raise NodeError(
            f"No such image: {', '.join(sorted(unknown))}. There are: {' '.join(NAMES)}"
        )
    _base()
    for name in names:
        image = IMAGES[name]
        context = image.context()
        arguments = {"BASE": _BASE, **image.arguments}
        _buildah(
            "build",
            "--layers",
            "--isolation=chroot",
            "--network=host",
            "--pull-never",
            *(_trusted() if image.trusts else ()),
            *(f"--build-arg={key}={value}" for key, value in arguments.items()),
            f"--file={context / image.dockerfile}",
            f"--tag={image.reference}",
            context,
        )
        _buildah("push", "--disable-compression", image.reference, f"oci:{_LAYOUT}:{name}")


def load(world: World, names: Sequence[str]) -> None:
    """Hand images to the node's containerd. Raises NodeError."""
    if not names:
        return
    command = world.entering(["ctr", "--namespace", "k8s.io", "images", "import", "-"])
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        assert running.stdin is not None  # noqa: S101
        assert running.stdout is not None  # noqa: S101
        with running.stdin, tarfile.open(fileobj=running.stdin, mode="w|") as archive:
            for path, data in _archive(names):
                entry = tarfile.TarInfo(path)
                if isinstance(data, Path):
                    entry.size = data.stat().st_size
                    with data.open("rb") as opened:
                        archive.addfile(entry, opened)
                else:
                    written = json.dumps(data).encode()
                    entry.size = len(written)
                    archive.addfile(entry, io.BytesIO(written))
        said = running.stdout.read().decode()
    if running.returncode:
        raise NodeError(f"containerd takes no image: {said[-2000:]}")


def _archive(names: Sequence[str]) -> Iterator[tuple[str, Path | Object]]:
    """The files of an OCI archive: each blob once, however many images it is of."""
    listed = json.loads((_LAYOUT / "index.json").read_text())["manifests"]
    # What was built anew has left its former manifest without a name.
    by_name = {item.get("annotations", {}).get(_NAME): item for item in listed}
    manifests = []
    blobs: dict[str, None] = {}
    for name in names:
        found = by_name[name]
        content = json.loads(_blob(found["digest"]).read_text())
        for part in (found, content["config"], *content["layers"]):
            blobs[part["digest"]] = None
        for reference in (IMAGES[name].reference, *IMAGES[name].also):
            told = {"io.containerd.image.name": reference}
            manifests.append({**found, "annotations": told})
    yield "oci-layout", {"imageLayoutVersion": "1.0.0"}
    yield "index.json", {"schemaVersion": 2, "manifests": manifests}
    for digest in blobs:
        yield f"blobs/{digest.replace(':', '/')}", _blob(digest)


def _blob(digest: str) -> Path:
    return _LAYOUT / "blobs" / digest.replace(":", "/")


def _base() -> None:
    """The Debian that all others are built on."""
    CACHE.mkdir(parents=True, exist_ok=True)
    archive = CACHE / "base.tar"
    if not archive.exists():
        made = archive.with_suffix(".made")
        run(ROOT / "images" / "magento" / "base", "bookworm", made)
        made.rename(archive)
    place = CACHE / "contexts" / "base"
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "base.tar").exists():
        os.link(archive, place / "base.tar")
    (place / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
    _buildah("build", "--layers", "--isolation=chroot", f"--tag={_BASE}", place)


def _trusted() -> Iterator[str]:
    """What shows a build the authorities that this machine's pip trusts."""
    bundle = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    if bundle:
        conf = CACHE / "pip.conf"
        conf.write_text("[global]\ncert = /etc/authorities.pem\n")
        yield f"--volume={conf}:/etc/pip.conf:ro"
        yield f"--volume={bundle}:/etc/authorities.pem:ro"


def _buildah(*words: str | Path) -> None:
    run(*_PRIVATE, *_BUILDAH, "overlay", *words)
