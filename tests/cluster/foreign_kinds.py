"""Kinds that Kubernetes does not have and charts use: the fields that ours use, and no others.

Written from the Gateway API's and the Prometheus operator's references. A field that is not here is
refused, so a chart's use of a new one is looked up before it is added.
"""

from typing import Any

Object = dict[str, Any]
TEXT: Object = {"type": "string"}
TEXTS: Object = {"type": "object", "additionalProperties": TEXT}


def fields(required: tuple[str, ...] = (), /, **properties: Object) -> Object:
    """A strict object."""
    return {"type": "object", "required": list(required), "properties": properties}


def array(items: Object, most: int = 64) -> Object:
    """A list that is not empty."""
    return {"type": "array", "minItems": 1, "maxItems": most, "items": items}


PORT: Object = {"type": "integer", "minimum": 1, "maximum": 65535}
PARENT = fields(("name",), name=TEXT, namespace=TEXT, sectionName=TEXT, port=PORT)
MATCH = fields(path=fields(("type", "value"), type={"enum": ["PathPrefix"], **TEXT}, value=TEXT))
RULE = fields(
    matches=array(MATCH), backendRefs=array(fields(("name", "port"), name=TEXT, port=PORT))
)
HTTP_ROUTE = fields(parentRefs=array(PARENT, 32), hostnames=array(TEXT, 16), rules=array(RULE, 16))
SERVICE_MONITOR = fields(
    ("selector", "endpoints"),
    selector=fields(matchLabels=TEXTS),
    podTargetLabels=array(TEXT),
    endpoints=array(fields(port=TEXT, interval={**TEXT, "pattern": "^[0-9]+(ms|s|m|h)$"})),
)
KINDS = (
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", HTTP_ROUTE),
    ("monitoring.coreos.com", "v1", "ServiceMonitor", SERVICE_MONITOR),
)


def definitions() -> list[Object]:
    """What makes a cluster know these kinds."""
    return [_definition(*kind) for kind in KINDS]


def _definition(group: str, version: str, kind: str, spec: Object) -> Object:
    singular, plural = kind.lower(), f"{kind.lower()}s"
    schema = {"openAPIV3Schema": fields(("spec",), spec=spec)}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            # Kubernetes guards its own groups with this.
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": singular, "kind": kind},
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    }
