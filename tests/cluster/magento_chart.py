"""The magento chart rendered: its plans and options, and what an API server says of the objects."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

import yaml

from controller.domain.clusters import ClusterOffer
from controller.domain.plans import Plan
from controller.engines.plans import PlannedShop, values_of
from tests.cluster.conftest import Cluster

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "helm" / "magento"
RELEASE: Final = "acme"
Object = dict[str, Any]

SHOP: Final = PlannedShop(
    uid="01jd8v0000000000000000acme",
    name="acme",
    tenant="acme-inc",
    image="registry.example.com/shop",
    image_tag="2.4.7-p3",
    secret="acme-secrets",
    websites={"acme.example.com": "", "us.example.com": "us"},
    base_url="https://acme.example.com/",
    language="en_US",
    currency="USD",
    timezone="UTC",
)
CLUSTER: Final = ClusterOffer(ingress_class="nginx", certificate_issuer="letsencrypt")

EXTERNAL: Final = {
    "database": {"mode": "external", "host": "db.example.com"},
    "cache": {"mode": "external", "host": "10.0.0.5", "port": 6380},
    "sessions": {"mode": "external", "host": "10.0.0.6"},
    "search": {"mode": "external", "host": "search.example.com"},
}
MANY: Final = {f"shop{number}.example.com": f"site_{number}" for number in range(20)}
GATEWAY: Final = {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}]}
BUCKET: Final = {"bucket": "acme-pictures", "region": "eu-central-1"}
MINIO: Final = {
    "bucket": "pictures",
    "region": "us-east-1",
    "endpoint": "http://minio.storage",
    "prefix": "shops/acme",
    "pathStyle": True,
    "cacheSize": "4Gi",
}
ROLE: Final = {
    "serviceAccount": {
        "name": "shop",
        "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/shop"},
    },
    "media": {"mode": "s3", "s3": {**BUCKET, "auth": "role"}},
}
INSIDE: Final = {
    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "storage"}}}],
    "ports": [9000],
}
CONSUMERS: Final = [
    {"name": "async.operations.all", "replicas": 2},
    {"name": "product_action_attribute.update", "messages": 100},
]

# Each is laid over every plan's values.
OPTIONS: Final[dict[str, Object]] = {
    "as-it-is": {},
    "external-services": EXTERNAL,
    "sessions-on-the-cache": {"sessions": {"mode": "cache", "auth": False}},
    "no-passwords": {"cache": {"auth": False}, "sessions": {"auth": False}},
    "gateway": {"gateway": GATEWAY, "ingress": {"enabled": False}, "websites": MANY},
    "consumers": {"consumers": {"items": CONSUMERS}},
    "metrics": {
        "metrics": {"enabled": True, "serviceMonitor": {"enabled": True, "labels": {"team": "a"}}}
    },
    "autoscaling": {"web": {"autoscaling": {"enabled": True, "min": 1, "max": 3}}},
    "shared-media": {"media": {"storage": {"size": "5Gi", "accessMode": "ReadWriteMany"}}},
    "media-in-a-bucket": {
        "media": {"mode": "s3", "s3": BUCKET},
        "backup": {"enabled": True, "media": "bucket"},
    },
    "media-in-a-bucket-inside": {
        "media": {"mode": "s3", "s3": MINIO},
        "networkPolicy": {"media": INSIDE},
    },
    "media-by-a-role": ROLE,
    "existing-claims": {
        "media": {"existingClaim": "media"},
        "backup": {"enabled": True, "existingClaim": "copies"},
    },
    "restore": {"restore": {"name": "20261122T010203Z"}},
    "upgrade": {"upgrade": {"mode": "always"}},
    "closed": {"storefront": "closed"},
    "stopped": {"stopped": True},
    "little": {
        "backup": {"enabled": False},
        "ingress": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "web": {"disruptionBudget": False, "readiness": "healthCheck"},
        "install": {"enabled": False},
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


def planned(plan: Plan = Plan.STARTER) -> Object:
    """The values of a shop of this plan."""
    return values_of(plan, SHOP, CLUSTER)


def laid_over(values: Mapping[str, Any], over: Mapping[str, Any]) -> Object:
    """Values with others laid over them, as helm does it with its second file."""
    result = dict(values)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict) and key != "websites":
            result[key] = laid_over(below, value)
        else:
            result[key] = value
    return result


@dataclass(frozen=True, kw_only=True)
class Charted:
    """The programs, pointed at a cluster or at none."""

    tools: Path
    cluster: Cluster | None = None
    helm: str = "helm4"
    chart: Path = CHART

    def run(self, program: str, *argv: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run helm or kubectl."""
        environ = (
            self.cluster.environ if self.cluster else {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
        )
        return subprocess.run(
            [str(self.tools / program), *argv],
            input=stdin,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def with_values(
        self, verb: str, *argv: str, values: Object
    ) -> "subprocess.CompletedProcess[str]":
        """Run a verb of helm over the chart, values on stdin."""
        return self.run(self.helm, verb, *argv, "--values", "-", stdin=json.dumps(values))

    def render(self, values: Object, namespace: str = "default") -> list[Object]:
        """The objects that helm makes of the values."""
        done = self.with_values(
            "template", RELEASE, str(self.chart), "--namespace", namespace, values=values
        )
        assert done.returncode == 0, done.stderr
        return [item for item in yaml.safe_load_all(done.stdout) if item]

    def refused(self, objects: list[Object], namespace: str) -> str:
        """What the API server has against the objects; nothing is kept."""
        bundle = {"apiVersion": "v1", "kind": "List", "items": objects}
        done = self.run(
            "kubectl",
            "apply",
            "--server-side",
            "--dry-run=server",
            "--validate=strict",
            f"--namespace={namespace}",
            "--filename=-",
            stdin=json.dumps(bundle),
        )
        return done.stderr


class Rendered:
    """Every plan with every option, each rendered once."""

    def __init__(self, charted: Charted) -> None:
        self.of = cache(
            lambda plan, option: charted.render(laid_over(planned(plan), OPTIONS[option]))
        )

    def everything(self) -> Iterator[Object]:
        """Every object of every rendering."""
        for plan, option in product(Plan, OPTIONS):
            yield from self.of(plan, option)


def named(objects: list[Object], kind: str, ending: str) -> Object:
    """The one object of this kind whose name ends so."""
    (found,) = (
        item
        for item in objects
        if item["kind"] == kind and item["metadata"]["name"].endswith(ending)
    )
    return found


def pod_templates(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Every pod that the objects make, with the name of what makes it."""
    for item in objects:
        spec = item.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield f"{item['kind']}/{item['metadata']['name']}", template


def containers(template: Object) -> list[Object]:
    """Every container of a pod."""
    spec = template["spec"]
    return [*spec.get("initContainers", ()), *spec["containers"]]


def as_pod(name: str, template: Object) -> Object:
    """A pod of a template, under an account that every namespace has."""
    spec = {**template["spec"], "serviceAccountName": "default"}
    labels = template["metadata"]["labels"]
    name = name.lower().replace("/", "-")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"restartPolicy": "Always", **spec},
    }
