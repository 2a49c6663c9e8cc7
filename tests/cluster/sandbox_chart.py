"""The sandbox chart's values: its one plan, and options that are laid over it."""

from typing import Any, Final

from controller.domain.plans import Plan
from controller.engines.plans import values_of
from tests.cluster.magento_chart import CLUSTER, GATEWAY, MANY, ROOT, SHOP, Object

CHART: Final = ROOT / "helm" / "sandbox"

OPTIONS: Final[dict[str, Object]] = {
    "as-it-is": {},
    "gateway": {"gateway": GATEWAY, "ingress": {"enabled": False}, "websites": MANY},
    "existing-claim": {"backup": {"existingClaim": "copies"}},
    "restore": {"restore": {"name": "20261122T010203Z"}},
    "closed": {"storefront": "closed"},
    "stopped": {"stopped": True},
    "stopped-while-it-is-restored": {"stopped": True, "restore": {"name": "20261122T010203Z"}},
    "little": {
        "backup": {"enabled": False},
        "ingress": {"enabled": False},
        "networkPolicy": {"enabled": False},
    },
    "placed": {
        "imagePullSecrets": ["pull"],
        "image": {"digest": f"sha256:{'0' * 64}"},
        "trust": {"certificates": "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n"},
        "scheduling": {
            "nodeSelector": {"pool": "shops"},
            "tolerations": [{"key": "shops", "operator": "Exists", "effect": "NoSchedule"}],
            "priorityClassName": "system-cluster-critical",
        },
    },
}


def planned(**over: Any) -> Object:
    """The values of a sandbox shop."""
    return {**values_of(Plan.STARTER, SHOP, CLUSTER, "sandbox"), **over}
