"""Clusters as rows: what the operator says of them, and whether they answer.

What is written about health is written when it changes and not otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from controller.domain.clusterfindings import ClusterFinding, finding_to_json
from controller.domain.clusters import (
    Cluster,
    ClusterSpec,
    ClusterState,
    bare,
    cluster_spec_to_json,
)
from controller.domain.errors.clusters import (
    ClusterExistsError,
    ClusterInUseError,
    ClusterNotFoundError,
)
from controller.domain.tenant import Scope
from controller.registry.journal import audit
from controller.registry.placing import clusters_of
from controller.registry.rows import dump
from controller.registry.session import Database, utcnow
from controller.registry.tables import ClusterRow, SecretRow, StackRow, table
from controller.registry.vault import Vault

_clusters = table(ClusterRow)
_stacks = table(StackRow)
_secrets = table(SecretRow)

PULL_SECRET = "pull-secret"  # noqa: S105 -- its name in the vault.
KUBECONFIG = "kubeconfig"
_SUBJECT = "cluster:"


class Clusters:
    """Reading and changing clusters."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def all(self) -> Sequence[Cluster]:
        """Every cluster, by name."""
        with self._database.read() as connection:
            return clusters_of(connection)

    def get(self, name: str) -> Cluster:
        """One cluster; raises ClusterNotFoundError."""
        with self._database.read() as connection:
            return _one(connection, name)

    def any_active(self) -> bool:
        """Whether new stacks go to clusters."""
        active = select(_clusters.c.name).where(_clusters.c.state == str(ClusterState.ACTIVE))
        with self._database.read() as connection:
            return connection.execute(active.limit(1)).first() is not None

    def secrets(self, name: str) -> Mapping[str, str]:
        """The way in, and the module's sensitive variables; raises VaultClosedError."""
        return self._vault.opened(f"cluster:{name}")

    def secret_names(self) -> Mapping[str, Sequence[str]]:
        """What each cluster's secrets are called, by the cluster's name."""
        kept = select(_secrets.c.subject, _secrets.c.name)
        kept = kept.where(_secrets.c.subject.startswith(_SUBJECT, autoescape=True))
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for row in connection.execute(kept):
                found.setdefault(row.subject.removeprefix(_SUBJECT), []).append(row.name)
        return found

    def add(
        self, scope: Scope, spec: ClusterSpec, server: str, version: str, secrets: Mapping[str, str]
    ) -> Cluster:
        """Add a cluster; the same again changes nothing but its secrets.

        Raises ClusterExistsError when one of this name differs.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            known = clusters_of(connection, spec.name)
            if known:
                _refuse_other(known[0], spec)
            else:
                now = utcnow()
                connection.execute(
                    insert(_clusters).values(
                        name=spec.name,
                        spec=dump(cluster_spec_to_json(spec)),
                        state=str(ClusterState.ACTIVE),
                        generation=1,
                        server=server,
                        version=version,
                        unreachable_detail="",
                        findings="[]",
                        created_at=now,
                        updated_at=now,
                    )
                )
                _audit(connection, scope, spec.name, "add", after=cluster_spec_to_json(spec))
            self._vault.seal(connection, f"cluster:{spec.name}", secrets)
            if known:
                _touch(connection, spec.name, server=server)
                _audit(connection, scope, spec.name, "renew", after={"secrets": sorted(secrets)})
            return _one(connection, spec.name)

    def change(self, scope: Scope, spec: ClusterSpec) -> Cluster:
        """Say something else of a cluster; raises ClusterNotFoundError."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            before = cluster_spec_to_json(_one(connection, spec.name).spec)
            after = cluster_spec_to_json(spec)
            changed = [key for key in after if after[key] != before[key]]
            if changed:
                _touch(connection, spec.name, spec=dump(after))
                _audit(
                    connection,
                    scope,
                    spec.name,
                    "change",
                    before={key: before[key] for key in changed},
                    after={key: after[key] for key in changed},
                )
            return _one(connection, spec.name)

    def steer(self, scope: Scope, name: str, state: ClusterState) -> Cluster:
        """Let nothing new go there, or let it again; raises ClusterNotFoundError."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            before = _one(connection, name)
            if before.state is not state:
                _touch(connection, name, state=str(state))
                _audit(
                    connection,
                    scope,
                    name,
                    "steer",
                    before={"state": str(before.state)},
                    after={"state": str(state)},
                )
            return _one(connection, name)

    def forget(self, scope: Scope, name: str, secrets: Sequence[str]) -> None:
        """Forget secrets of a cluster; raises ClusterNotFoundError."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            _one(connection, name)
            of_it = _secrets.c.subject == f"{_SUBJECT}{name}"
            connection.execute(delete(_secrets).where(of_it, _secrets.c.name.in_(secrets)))
            _touch(connection, name)
            _audit(connection, scope, name, "forget", before={"secrets": list(secrets)})

    def remove(self, scope: Scope, name: str) -> None:
        """Forget an empty cluster; raises ClusterNotFoundError and ClusterInUseError."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            found = _one(connection, name)
            if found.stacks:
                raise ClusterInUseError(cluster=name, stacks=found.stacks)
            # What was purged ran here once; which cluster that was is in the audit.
            connection.execute(
                update(_stacks).where(_stacks.c.cluster == name).values(cluster=None)
            )
            connection.execute(delete(_secrets).where(_secrets.c.subject == f"cluster:{name}"))
            connection.execute(delete(_clusters).where(_clusters.c.name == name))
            _audit(connection, scope, name, "remove", before=cluster_spec_to_json(found.spec))

    def seen(self, name: str, version: str) -> bool:
        """Write that it answers; whether that is news."""
        news = (
            update(_clusters)
            .where(
                _clusters.c.name == name,
                _clusters.c.unreachable_since.is_not(None) | (_clusters.c.version != version),
            )
            .values(unreachable_since=None, unreachable_detail="", version=version)
        )
        return self._news(news)

    def surveyed(self, name: str, findings: Sequence[ClusterFinding]) -> bool:
        """Write what is not right with it; whether that is news."""
        found = dump([finding_to_json(item) for item in findings])
        news = (
            update(_clusters)
            .where(_clusters.c.name == name, _clusters.c.findings != found)
            .values(findings=found)
        )
        return self._news(news)

    def lost(self, name: str, detail: str) -> bool:
        """Write since when it does not answer; whether that is news."""
        news = (
            update(_clusters)
            .where(_clusters.c.name == name, _clusters.c.unreachable_since.is_(None))
            .values(unreachable_since=utcnow(), unreachable_detail=bare(detail)[:300])
        )
        return self._news(news)

    def _news(self, statement: Any) -> bool:
        with self._database.write() as connection:
            return bool(connection.execute(statement).rowcount)


def _one(connection: Connection, name: str) -> Cluster:
    found = clusters_of(connection, name)
    if not found:
        raise ClusterNotFoundError(cluster=name[:60])
    return found[0]


def _refuse_other(known: Cluster, spec: ClusterSpec) -> None:
    before, after = cluster_spec_to_json(known.spec), cluster_spec_to_json(spec)
    differing = [key for key in after if after[key] != before[key]]
    if differing:
        raise ClusterExistsError(cluster=spec.name, fields=", ".join(differing))


def _touch(connection: Connection, name: str, **columns: Any) -> None:
    connection.execute(
        update(_clusters)
        .where(_clusters.c.name == name)
        .values(generation=_clusters.c.generation + 1, updated_at=utcnow(), **columns)
    )


def _audit(
    connection: Connection,
    scope: Scope,
    name: str,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit(
        connection,
        scope,
        tenant=None,
        action=f"cluster.{action}",
        subject=f"cluster:{name}",
        before=before,
        after=after,
    )
