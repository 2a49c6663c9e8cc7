"""What the API and the pages do with clusters alike: check, ask the cluster itself, then keep it.

Nothing is kept of a cluster that does not let us in.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from controller.domain.clusterchecks import check_cluster, check_pull_secret
from controller.domain.clusterfindings import ClusterFinding
from controller.domain.clusters import Cluster, ClusterSpec, ClusterState, bare
from controller.domain.errors.base import InvalidInputError, Message, StoreControllerError
from controller.domain.errors.clusters import ClusterRefusedError
from controller.domain.kubeconfig import checked
from controller.domain.mail import PASSWORD
from controller.domain.tenant import Scope
from controller.engines.values import PlatformValues, check_values, effective
from controller.i18n import N_
from controller.reconciler.cluster_pool import VARIABLE, ClusterPool
from controller.registry.clusters import KUBECONFIG, PULL_SECRET, Clusters
from controller.registry.taking import Standing
from provisioners.base import DriverFailure

OWN_SERVER = "https://kubernetes.default.svc"
"""How pods call the API server of their own cluster."""


@dataclass(frozen=True, kw_only=True)
class KnownCluster:
    """A cluster with what is told of its secrets: the names of sensitive variables."""

    cluster: Cluster
    secret_variables: tuple[str, ...]
    mail_password: bool = False
    """Whether the password of the cluster's mail server is kept."""
    values: tuple[Mapping[str, Any], ...] = ()
    """The chart's values in force, each with where it is from."""
    standing: Standing = field(default_factory=Standing)
    """How far they got."""

    @property
    def findings(self) -> tuple[ClusterFinding, ...]:
        """What is not right with it, and what holds up what was changed of it."""
        held = self.standing.behind and (self.standing.failed or self.standing.going)
        found = self.cluster.findings
        if self.standing.failed:
            about, behind = ", ".join(self.standing.failed[:5]), len(self.standing.behind)
            found += (ClusterFinding(code="values_failed", about=about, detail=str(behind)),)
        elif held:
            about, behind = ", ".join(self.standing.going[:5]), len(self.standing.behind)
            found += (ClusterFinding(code="values_going", about=about, detail=str(behind)),)
        return found


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The way into a cluster, and what its module keeps to itself."""

    kubeconfig: str | None = field(default=None, repr=False)
    secret_variables: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    """None forgets one."""
    pull_secret: str | None = field(default=None, repr=False)
    """The logins of registries, as docker's config.json has them; an empty text forgets them."""
    mail_password: str | None = field(default=None, repr=False)
    """What the mail server of the cluster's `values.mail` wants; an empty text forgets it."""

    @property
    def given(self) -> dict[str, str]:
        """The sensitive variables that have a value, as the vault names them."""
        given = self.secret_variables.items()
        found = {f"{VARIABLE}{name}": value for name, value in given if value is not None}
        named = {PULL_SECRET: self.pull_secret, PASSWORD: self.mail_password}
        return {**found, **{name: value for name, value in named.items() if value}}

    def over(self, spec: ClusterSpec) -> ClusterSpec:
        """The specification with the name that its pull secret has: other logins, another name."""
        if self.pull_secret is None:
            return spec
        if not self.pull_secret:
            return replace(spec, pull_secret="")
        check_pull_secret(self.pull_secret)
        digest = hashlib.sha256(self.pull_secret.encode()).hexdigest()[:8]
        return replace(spec, pull_secret=f"registry-pull-{digest}")


class ClusterService:
    """Adding, changing and removing clusters."""

    def __init__(
        self,
        clusters: Clusters,
        pool: ClusterPool,
        platform: PlatformValues | None = None,
        standing: Callable[[str], Standing] = lambda _: Standing(),
    ) -> None:
        """`standing` says how far what was changed of a cluster got."""
        self._standing = standing
        self._platform = platform or PlatformValues()
        self._clusters = clusters
        self._pool = pool

    def all(self) -> Sequence[KnownCluster]:
        """Every cluster, by name."""
        names = self._clusters.secret_names()
        return [self._known(found, names) for found in self._clusters.all()]

    def get(self, name: str) -> KnownCluster:
        """One cluster; raises ClusterNotFoundError."""
        return self._known(self._clusters.get(name), self._clusters.secret_names())

    def add(self, scope: Scope, spec: ClusterSpec, entry: Entry) -> KnownCluster:
        """Add a cluster that lets us in; the same again renews its secrets.

        Raises InvalidInputError, InvalidKubeconfigError, ClusterRefusedError, ClusterExistsError.
        """
        check_cluster(spec, self._pool.modules, entry.secret_variables)
        check_values(spec.values)
        spec = entry.over(spec)
        if spec.in_cluster is (entry.kubeconfig is not None):
            raise InvalidInputError(
                errors=(
                    (
                        "kubeconfig",
                        Message(N_("either a kubeconfig, or inCluster for our own cluster")),
                    ),
                )
            )
        secrets, server = self._way_in(entry)
        version = self._ask(spec, secrets)
        self._clusters.add(scope, spec, server, version, {**secrets, **entry.given})
        self._survey(spec.name)
        return self.get(spec.name)

    def change(self, scope: Scope, spec: ClusterSpec, entry: Entry) -> KnownCluster:
        """Say something else of a cluster, or renew the way in once it was seen to work.

        Raises ClusterNotFoundError and what `add` raises.
        """
        known = self.get(spec.name)
        left = {*known.secret_variables, *entry.secret_variables}
        check_cluster(spec, self._pool.modules, left - _forgotten(entry))
        check_values(spec.values)
        spec = replace(spec, pull_secret=known.cluster.spec.pull_secret)
        spec = entry.over(spec)
        if entry.kubeconfig is not None and spec.in_cluster:
            raise InvalidInputError(
                errors=(("kubeconfig", Message(N_("our own cluster needs none"))),)
            )
        secrets: dict[str, str] = {}
        server, version = known.cluster.server, known.cluster.version
        if entry.kubeconfig is not None:
            secrets, server = self._way_in(entry)
            version = self._ask(spec, secrets)
        self._clusters.change(scope, spec)
        if secrets or entry.given:
            self._clusters.add(scope, spec, server, version, {**secrets, **entry.given})
        names = [f"{VARIABLE}{name}" for name in sorted(_forgotten(entry))]
        if names := names + [PASSWORD] * (entry.mail_password == ""):
            self._clusters.forget(scope, spec.name, names)
        self._survey(spec.name)
        return self.get(spec.name)

    def steer(self, scope: Scope, name: str, state: ClusterState) -> KnownCluster:
        """Let nothing new go there, or let it again; raises ClusterNotFoundError."""
        self._clusters.steer(scope, name, state)
        return self.get(name)

    def remove(self, scope: Scope, name: str) -> None:
        """Forget an empty cluster; raises ClusterNotFoundError and ClusterInUseError."""
        self._clusters.remove(scope, name)

    def _known(self, cluster: Cluster, names: Mapping[str, Sequence[str]]) -> KnownCluster:
        known = _known(cluster, names, self._platform)
        # One that was changed or removed a moment ago is told with the next question.
        with suppress(StoreControllerError):
            return replace(known, standing=self._standing(cluster.spec.name))
        return known

    def _way_in(self, entry: Entry) -> tuple[dict[str, str], str]:
        """What is kept of the kubeconfig, and the server's address; none is for our own cluster."""
        if entry.kubeconfig is None:
            return {}, OWN_SERVER
        kubeconfig, server = checked(entry.kubeconfig)
        return {KUBECONFIG: kubeconfig}, server

    def _survey(self, name: str) -> None:
        """Look whether the cluster can run shops; where that cannot be asked, it is later."""
        with suppress(DriverFailure, StoreControllerError):
            self._clusters.surveyed(name, self._pool.survey(name))

    def _ask(self, spec: ClusterSpec, secrets: Mapping[str, str]) -> str:
        try:
            return self._pool.probe(spec, secrets)
        except DriverFailure as failure:
            raise ClusterRefusedError(cluster=spec.name, detail=bare(failure.detail)) from failure


def _known(
    cluster: Cluster, names: Mapping[str, Sequence[str]], platform: PlatformValues
) -> KnownCluster:
    kept = names.get(cluster.spec.name, ())
    variables = sorted(name.removeprefix(VARIABLE) for name in kept if name.startswith(VARIABLE))
    values = tuple(effective(platform.documents(cluster.spec)))
    return KnownCluster(
        cluster=cluster,
        secret_variables=tuple(variables),
        mail_password=PASSWORD in kept,
        values=values,
    )


def _forgotten(entry: Entry) -> set[str]:
    return {name for name, value in entry.secret_variables.items() if value is None}
