"""The controller chart: values to try it with, how it is rendered, what it may set."""

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import yaml
from pydantic import BaseModel, SecretStr

from controller.settings import Settings
from tests.cluster import foreign_kinds
from tests.cluster.magento_chart import GATEWAY, ROOT, Charted, Object, laid_over

CHART: Final = ROOT / "helm" / "controller"
RELEASE: Final = "plane"
VALUES: Final[Object] = {
    "image": {"repository": "registry.example.com/controller", "tag": "0.1.0"},
    "publicUrl": "https://shops.example.com",
    "existingSecret": "plane-secrets",
}
BUNDLED: Final[Object] = {"database": {"mode": "internal"}, "redis": {"mode": "internal"}}
SCALES: Final[Object] = {"autoscaling": {"enabled": True}}

# Each is laid over the values above.
OPTIONS: Final[dict[str, Object]] = {
    "as-it-is": {},
    "bundled": BUNDLED,
    "bundled-database": {"database": {"mode": "internal", "storage": {"className": "fast"}}},
    "bundled-redis": {"redis": {"mode": "internal"}},
    "ingress": {
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600"},
            "tls": {"enabled": True},
        }
    },
    "gateway": {"gateway": GATEWAY},
    "autoscaling": {"api": SCALES, "workers": {"people": SCALES, "resync": SCALES}},
    "service-monitor": {"serviceMonitor": {"enabled": True, "labels": {"team": "a"}}},
    "open-network": {"networkPolicy": {"enabled": False}},
    "single-replica": {
        "api": {"replicas": 1, "disruptionBudget": False},
        "workers": {"people": {"replicas": 1}},
    },
    "one-worker": {
        "workers": {"people": {"queues": ["people", "resync"]}, "resync": {"enabled": False}}
    },
    "no-rights": {"inCluster": False},
    "states-in-secrets": {"inCluster": False, "terraformStates": "kubernetes"},
    "settings": {
        "settings": {
            "STORECTL_SMTP__HOST": "mail.example.com",
            "STORECTL_SMTP__STARTTLS": False,
            "STORECTL_LIMITS__OPEN_OPERATIONS": 1_500_000,
            "STORECTL_LIMITS__TOMBSTONE_DAYS": 0.5,
        },
        "secretSettings": {"STORECTL_SMTP__PASSWORD": "smtp-password"},
    },
    "placed": {
        "imagePullSecrets": ["pull"],
        "image": {"digest": f"sha256:{'0' * 64}"},
        "scheduling": {
            "nodeSelector": {"pool": "system"},
            "tolerations": [{"key": "system", "operator": "Exists", "effect": "NoSchedule"}],
            "priorityClassName": "system-cluster-critical",
        },
    },
}


def valued(option: str = "as-it-is") -> Object:
    """The values of an option."""
    return laid_over(VALUES, OPTIONS[option])


def template(
    charted: Charted, values: Object, namespace: str = "default"
) -> "subprocess.CompletedProcess[str]":
    """Run helm template, which may refuse."""
    where = (RELEASE, str(CHART), "--namespace", namespace)
    return charted.with_values("template", *where, values=values)


def render(charted: Charted, values: Object, namespace: str = "default") -> list[Object]:
    """The objects that helm makes of the values."""
    done = template(charted, values, namespace)
    assert done.returncode == 0, done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item]


def restrict(charted: Charted, namespace: str) -> None:
    """Let a namespace take restricted pods only, of a cluster that knows the kinds of charts."""
    level = "pod-security.kubernetes.io/enforce=restricted"
    assert not charted.run("kubectl", "label", "namespace", namespace, level).stderr
    know_foreign_kinds(charted)


def know_foreign_kinds(charted: Charted) -> None:
    """Let the cluster know the kinds that charts use and Kubernetes does not have."""
    for item in foreign_kinds.definitions():
        name = f"crd/{item['metadata']['name']}"
        if charted.run("kubectl", "get", name).returncode:
            done = charted.run("kubectl", "create", "--filename=-", stdin=json.dumps(item))
            assert not done.stderr
        wait = charted.run("kubectl", "wait", "--for=condition=Established", "--timeout=30s", name)
        assert wait.returncode == 0, wait.stderr


def known_settings(
    model: type[BaseModel] = Settings, prefix: str = "STORECTL_"
) -> Iterator[tuple[str, bool]]:
    """Every variable that the control plane reads, and whether it is a secret."""
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known_settings(kind, f"{prefix}{name.upper()}__")
        else:
            yield prefix + name.upper(), kind is SecretStr


def environment(container: Object, settings: Object) -> dict[str, str]:
    """What a container is given: plain values, and `KEY of the Secret` for the others."""
    found = dict(settings) if container.get("envFrom") else {}
    for variable in container.get("env", ()):
        source = variable.get("valueFrom", {}).get("secretKeyRef", {})
        found[variable["name"]] = variable.get("value") or f"{source['key']} of the Secret"
    return found


class Rendered:
    """Every option, each rendered once."""

    def __init__(self, charted: Charted) -> None:
        self.of = cache(lambda option: render(charted, valued(option)))


def peers(objects: list[Object], pod: Object) -> set[int]:
    """The ports that a pod may open connections to."""
    labels = pod["metadata"]["labels"]
    return {
        port["port"]
        for item in objects
        if item["kind"] == "NetworkPolicy" and selects(item["spec"]["podSelector"], labels)
        for rule in item["spec"].get("egress", ())
        for port in rule["ports"]
    }


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a selector matches."""
    return selector["matchLabels"].items() <= labels.items() and all(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ())
    )
