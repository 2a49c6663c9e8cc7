"""How a cluster becomes a driver: beside `wiring`, the only place that names concrete ones.

`wiring` calls `build_cluster_pool`.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from controller.domain.clusters import Cluster, ClusterSpec
from controller.engines.beside import beside
from controller.engines.magento import MagentoEngine
from controller.engines.plans import SECRET, allowance
from controller.engines.sandbox import SandboxEngine
from controller.engines.values import PlatformValues, read_platform
from controller.reconciler.cluster_pool import ClusterPool, Heard
from controller.registry.clusters import KUBECONFIG, PULL_SECRET
from controller.registry.leases import Kind, Ref
from controller.registry.registry import Registry
from controller.settings import ROOT, Settings
from provisioners.base import Builder, Driver, Release
from provisioners.helm.charts import HelmChart
from provisioners.helm.driver import HelmDriver
from provisioners.helm.program import Helm
from provisioners.kubernetes import kubeconfigs
from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.namespaces import Namespaces, NamespaceSpec
from provisioners.kubernetes.probe import probe
from provisioners.kubernetes.survey import Wanted
from provisioners.terraform.builder import Module, Terraform
from provisioners.terraform.clusterstates import KubernetesStates
from provisioners.terraform.localstates import LocalStates
from provisioners.terraform.postgresstates import PostgresStates
from provisioners.terraform.program import Program
from provisioners.terraform.states import States

MODULES = ROOT / "templates" / "terraform"
_SERVICE = "http://{namespace}-web.{namespace}.svc"
"""Where the web servers are inside their cluster: every chart names its Service so."""


def build_cluster_pool(settings: Settings, registry: Registry) -> ClusterPool:
    """The clusters of this installation, each with a driver once it is needed."""

    def opened(cluster: Cluster, secrets: Mapping[str, str], heard: Heard) -> Driver:
        return _driver(settings, registry, cluster, secrets, heard)

    def built(cluster: Cluster, environment: Mapping[str, str]) -> Builder:  # noqa: ARG001
        return _builder(settings, environment)

    return ClusterPool(
        registry.clusters, opened, ask=_version, build=built, modules=sorted(_modules(settings))
    )


def _builder(settings: Settings, environment: Mapping[str, str]) -> Terraform:
    """Terraform with what its providers sign in with; states are the whole installation's."""
    wanted = settings.terraform
    program = Program(
        binary=wanted.program,
        mirror=Path(wanted.mirror) if wanted.mirror else None,
        environment=environment,
        at_once=wanted.at_once,
    )
    home = settings.home.resolve() / "terraform"
    return Terraform(
        program,
        _states(settings),
        _modules(settings),
        home=home / "runs",
        holder=f"{os.uname().nodename}/{os.getpid()}",
    )


def _modules(settings: Settings) -> dict[str, Module]:
    """Ours and the operator's by name; one of theirs may take the place of one of ours."""
    given = settings.terraform.modules
    roots = (MODULES, *([Path(given)] if given else []))
    found = (path for root in roots for path in root.iterdir() if path.is_dir())
    return {path.name: Module(path=path) for path in found}


def _states(settings: Settings) -> States:
    wanted, home = settings.terraform, settings.home.resolve()
    if wanted.states == "kubernetes":
        given = Path(wanted.kubeconfig) if wanted.kubeconfig else None
        own = given or kubeconfigs.keep(home / "clusters", "own", "")
        return KubernetesStates(Connection(own), wanted.namespace)
    if settings.effective_database_url.startswith("sqlite"):
        return LocalStates(home / "terraform" / "states")
    return PostgresStates(settings.effective_database_url)


def _version(spec: ClusterSpec, secrets: Mapping[str, str]) -> str:
    """The version of a cluster that is not kept yet: nothing of the way in stays on the disk."""
    with tempfile.TemporaryDirectory() as directory:
        kubeconfig = secrets.get(KUBECONFIG, "")
        return probe(kubeconfigs.keep(Path(directory), spec.name, kubeconfig))


def _driver(
    settings: Settings,
    registry: Registry,
    cluster: Cluster,
    secrets: Mapping[str, str],
    heard: Heard,
) -> HelmDriver:
    home, name = settings.home.resolve(), f"{cluster.spec.name}-{cluster.generation}"
    connection = Connection(kubeconfigs.keep(home / "clusters", name, secrets.get(KUBECONFIG, "")))
    kubernetes = settings.kubernetes
    helm = Helm(
        connection,
        home / "helm",
        binary=kubernetes.helm,
        at_once=kubernetes.helm_at_once,
        timeout=kubernetes.helm_timeout_seconds,
    )
    charts = {
        engine: HelmChart(
            path=ROOT / "helm" / engine,
            endpoint=lambda release, namespace: _address(cluster, release, namespace),
        )
        for engine in (MagentoEngine.name, SandboxEngine.name)
    }
    known, text = cluster.spec.pull_secret, secrets.get(PULL_SECRET, "")
    logins = {known: text} if known and text else {}
    return HelmDriver(
        Namespaces(
            connection,
            wanted=lambda uid: _namespace_spec(registry, uid, logins),
            secret=SECRET,
            pull=tuple(logins),
        ),
        helm,
        charts,
        wanted=_wanted(cluster.spec, read_platform(kubernetes.values)),
        changed=lambda uid: heard(Ref(kind=Kind.STACK, uid=uid)),
    )


def _address(cluster: Cluster, release: Release, namespace: str) -> str:
    """How the control plane reaches a shop."""
    pattern = cluster.spec.shop_address or _SERVICE
    host = next(iter(release.values.get("websites", {})), "")
    return pattern.replace("{namespace}", namespace).replace("{host}", host)


def _wanted(spec: ClusterSpec, platform: PlatformValues) -> Wanted:
    """What the cluster is to have; a stack that is built around needs no more of it."""
    offer = spec.offer
    everywhere = [("platform", platform.everywhere), ("cluster", spec.values)]
    return Wanted(
        storage_class=offer.storage_class,
        shared_storage_class=offer.shared_storage_class,
        ingress_class=offer.ingress_class,
        gateway=offer.gateway,
        gateway_namespace=offer.gateway_namespace,
        certificate_issuer=offer.certificate_issuer,
        domain=spec.domain,
        tls=spec.tls,
        trust=beside(everywhere).trust,
    )


def _namespace_spec(registry: Registry, uid: str, logins: Mapping[str, str]) -> NamespaceSpec:
    """What a stack's namespace is labelled with, and how much it may use."""
    stack = registry.stores.stack(uid)
    if stack is None or stack.spec.installation is None:
        return NamespaceSpec()
    found = allowance(stack.engine, stack.spec.plan, stack.spec.replicas)
    return NamespaceSpec(
        labels={
            "storecontroller.io/store": stack.spec.installation.name,
            "storecontroller.io/tenant": stack.tenant,
            "storecontroller.io/plan": str(stack.spec.plan),
        },
        quota={key: str(value) for key, value in found["quota"].items()},
        default_limits=found["limits"],
        default_requests=found["requests"],
        logins=logins,
    )
