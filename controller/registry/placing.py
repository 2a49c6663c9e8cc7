"""Clusters with what they hold, read inside the transaction that places a stack.

`accepting` and `clusters` call this.
"""

import orjson
from sqlalchemy import Connection, RowMapping, func, select

from controller.domain.clusterfindings import finding_from_json
from controller.domain.clusters import Cluster, ClusterState, cluster_spec_from_json
from controller.domain.stack import StackDesired
from controller.registry.tables import ClusterRow, StackRow, table

_clusters = table(ClusterRow)
_stacks = table(StackRow)


# Made once: every creation asks for the clusters, and to build the question takes longer than it.
_held = (
    select(_stacks.c.cluster, func.count().label("stacks"))
    .where(_stacks.c.cluster.is_not(None), _stacks.c.desired != str(StackDesired.PURGED))
    .group_by(_stacks.c.cluster)
    .subquery()
)
_every = (
    select(_clusters, func.coalesce(_held.c.stacks, 0).label("stacks"))
    .outerjoin(_held, _held.c.cluster == _clusters.c.name)
    .order_by(_clusters.c.name)
)


def clusters_of(connection: Connection, name: str | None = None) -> list[Cluster]:
    """Every cluster, or the one of this name, with how many stacks it holds, by name."""
    query = _every if name is None else _every.where(_clusters.c.name == name)
    return [_cluster_of(row) for row in connection.execute(query).mappings()]


def _cluster_of(row: RowMapping) -> Cluster:
    return Cluster(
        spec=cluster_spec_from_json(row["name"], orjson.loads(row["spec"])),
        state=ClusterState(row["state"]),
        generation=row["generation"],
        stacks=row["stacks"],
        server=row["server"],
        version=row["version"],
        unreachable_since=row["unreachable_since"],
        unreachable_detail=row["unreachable_detail"],
        findings=tuple(finding_from_json(item) for item in orjson.loads(row["findings"])),
        created_at=row["created_at"],
    )
