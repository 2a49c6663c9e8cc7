"""What a stack on a cluster needs around its release, as a Terraform module with variables.

`world` calls this. The cluster's own variables are the operator's; what names the stack is ours and
cannot be overridden.
"""

from collections.abc import Mapping

from controller.domain.clusters import ClusterSpec
from controller.domain.stack import Stack
from provisioners.base import Infrastructure


def surroundings(
    stack: Stack, cluster: ClusterSpec, secrets: Mapping[str, str], sensitive: Mapping[str, str]
) -> Infrastructure:
    """The module of the cluster for this stack; `sensitive` are the cluster's secret variables."""
    installation = stack.spec.installation
    ours = {
        "uid": stack.uid,
        "store": installation.name if installation else "",
        "tenant": stack.tenant,
        "host": (stack.spec.url or "").partition("://")[2],
        "plan": str(stack.spec.plan),
    }
    return Infrastructure(
        name=stack.uid,
        module=cluster.infrastructure,
        variables={**cluster.variables, **ours},
        secrets={**sensitive, "database_password": secrets.get("db_password", "")},
    )
