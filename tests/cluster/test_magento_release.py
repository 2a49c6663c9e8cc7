"""The magento chart before a real API server: taken whole, installed, upgraded."""

import json
import subprocess
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from controller.domain.plans import Plan
from tests.cluster import foreign_kinds
from tests.cluster.conftest import Cluster
from tests.cluster.magento_chart import (
    CHART,
    OPTIONS,
    RELEASE,
    Charted,
    Object,
    Rendered,
    as_pod,
    laid_over,
    named,
    planned,
    pod_templates,
)

BOTH = pytest.mark.parametrize("helm", ["helm3", "helm4"])


@pytest.fixture(scope="module")
def rendered(tools: Path) -> Rendered:
    return Rendered(Charted(tools=tools))


@pytest.fixture
def restricted(tools: Path, cluster: Cluster, namespace: str) -> Charted:
    """Helm and kubectl over the cluster; the namespace takes restricted pods only."""
    charted = Charted(tools=tools, cluster=cluster)
    level = "pod-security.kubernetes.io/enforce=restricted"
    assert not charted.run("kubectl", "label", "namespace", namespace, level).stderr
    for item in foreign_kinds.definitions():
        name = f"crd/{item['metadata']['name']}"
        if charted.run("kubectl", "get", name).returncode:
            done = charted.run("kubectl", "create", "--filename=-", stdin=json.dumps(item))
            assert not done.stderr
        wait = charted.run("kubectl", "wait", "--for=condition=Established", "--timeout=30s", name)
        assert wait.returncode == 0, wait.stderr
    return charted


def test_an_api_server_takes_every_plan_with_every_option(
    rendered: Rendered, restricted: Charted, namespace: str
) -> None:
    refused = {}
    for plan, option in product(Plan, OPTIONS):
        objects = rendered.of(plan, option)
        pods = [as_pod(name, template) for name, template in pod_templates(objects)]
        # Their namespace is that of the test; helm wrote its own into subjects alone.
        if said := restricted.refused([*objects, *pods], namespace):
            refused[f"{plan}-{option}"] = said
    assert refused == {}


def test_an_unknown_field_and_a_careless_pod_would_be_refused(
    rendered: Rendered, restricted: Charted, namespace: str
) -> None:
    objects = rendered.of(Plan.STARTER, "as-it-is")
    web = json.loads(json.dumps(named(objects, "Deployment", "-web")))
    web["spec"]["replica"] = 1
    assert 'unknown field "replica"' in restricted.refused([web], namespace)
    route = json.loads(json.dumps(rendered.of(Plan.STARTER, "gateway")))
    route = [item for item in route if item["kind"] == "HTTPRoute"][:1]
    route[0]["spec"]["hosts"] = ["acme.example.com"]
    assert "hosts" in restricted.refused(route, namespace)
    pod = as_pod("web", named(objects, "Deployment", "-web")["spec"]["template"])
    pod["spec"]["securityContext"]["runAsNonRoot"] = False
    assert "violates PodSecurity" in restricted.refused([pod], namespace)


@BOTH
def test_helm_installs_it_and_every_pod_is_admitted(
    helm: str, restricted: Charted, namespace: str
) -> None:
    charted = replace(restricted, helm=helm)
    install(charted, namespace, planned())
    wait = charted.run(
        "kubectl",
        "wait",
        f"--namespace={namespace}",
        "--for=jsonpath={.status.replicas}=1",
        "--timeout=60s",
        "deployment,statefulset",
        "--all",
    )
    assert wait.returncode == 0, wait.stderr


@BOTH
def test_another_image_upgrades_the_database_first(
    helm: str, restricted: Charted, namespace: str
) -> None:
    charted = replace(restricted, helm=helm)
    install(charted, namespace, planned())
    assert hooks(charted, namespace, planned()) == 0
    newer = laid_over(planned(), {"image": {"tag": "2.4.7-p4"}})
    assert hooks(charted, namespace, newer) == 1
    # Nothing holds a stop up, and a shop that starts again has its database beside the upgrade.
    stopped = laid_over(newer, {"stopped": True})
    assert hooks(charted, namespace, stopped) == 0
    install(charted, namespace, laid_over(planned(), {"stopped": True}))
    done = upgrade(charted, namespace, newer, "--dry-run=server")
    assert done.stdout.count("helm.sh/hook: pre-upgrade") == 0
    assert f"name: {RELEASE}-upgrade-" in done.stdout
    install(charted, namespace, newer)
    # What has not come through is not forgotten by the next release.
    again = upgrade(charted, namespace, newer, "--dry-run=server")
    assert f"name: {RELEASE}-upgrade-" in again.stdout


@BOTH
def test_a_shop_may_change_its_plan_and_keeps_its_volumes(
    helm: str, restricted: Charted, namespace: str
) -> None:
    charted = replace(restricted, helm=helm)
    install(charted, namespace, planned(Plan.GROWTH))
    install(charted, namespace, planned(Plan.STARTER))
    done = charted.run("kubectl", "get", "pvc", f"--namespace={namespace}", "--output=json")
    claims = {item["metadata"]["name"]: item["spec"] for item in json.loads(done.stdout)["items"]}
    assert claims[f"{RELEASE}-media"]["accessModes"] == ["ReadWriteMany"]
    assert claims[f"{RELEASE}-database"]["resources"]["requests"]["storage"] == "30Gi"


@BOTH
def test_a_shop_whose_media_move_into_a_bucket_keeps_its_volume(
    helm: str, restricted: Charted, namespace: str
) -> None:
    charted = replace(restricted, helm=helm)
    install(charted, namespace, planned())
    install(charted, namespace, laid_over(planned(), OPTIONS["media-in-a-bucket"]))

    def got(kind: str, name: str) -> Object:
        done = charted.run("kubectl", "get", kind, name, f"--namespace={namespace}", "-o=json")
        assert done.returncode == 0, done.stderr
        found: Object = json.loads(done.stdout)
        return found

    assert got("pvc", f"{RELEASE}-media")["status"]["phase"] == "Bound"
    pod = got("deployment", f"{RELEASE}-web")["spec"]["template"]["spec"]
    assert "affinity" not in pod
    assert not any("persistentVolumeClaim" in volume for volume in pod["volumes"])


@BOTH
def test_a_shop_that_was_scaled_sleeps_and_wakes(
    helm: str, restricted: Charted, namespace: str
) -> None:
    charted = replace(restricted, helm=helm)
    web = (f"--namespace={namespace}", f"deployment/{RELEASE}-web")

    def replicas() -> str:
        return charted.run("kubectl", "get", *web, "--output=jsonpath={.spec.replicas}").stdout

    values = planned(Plan.GROWTH)
    install(charted, namespace, values)
    # As an autoscaler does it; what it chose is left alone.
    assert charted.run("kubectl", "scale", *web, "--replicas=3").returncode == 0
    install(charted, namespace, laid_over(values, {"backup": {"keep": 3}}))
    assert replicas() in {"2", "3"}
    install(charted, namespace, laid_over(values, {"stopped": True}))
    assert replicas() == "0"
    install(charted, namespace, values)
    # An autoscaler never wakes a deployment that is at nought.
    assert int(replicas()) > 0


def test_the_token_becomes_a_secret_by_the_installer_s_rights_alone(
    restricted: Charted, namespace: str, tmp_path: Path
) -> None:
    install(restricted, namespace, planned())
    objects = restricted.render(planned(), namespace)
    (tmp_path / "kustomization.yaml").write_text(
        named(objects, "ConfigMap", "-handover")["data"]["kustomization.yaml"]
    )
    (tmp_path / "integration.json").write_text('{"access_token": "abc"}')
    job = next(item for item in objects if item["kind"] == "Job")
    (handover,) = job["spec"]["template"]["spec"]["containers"]
    argv = [text.replace("/handover", str(tmp_path)) for text in handover["args"]]
    account = f"--as=system:serviceaccount:{namespace}:{RELEASE}-install"
    for _ in range(2):
        done = restricted.run("kubectl", account, *argv)
        assert done.returncode == 0, done.stderr
    other = restricted.run(
        "kubectl", account, f"--namespace={namespace}", "create", "secret", "generic", "other"
    )
    assert "forbidden" in other.stderr


def install(charted: Charted, namespace: str, values: Object) -> None:
    """Install or upgrade, and see it done."""
    done = upgrade(charted, namespace, values)
    assert done.returncode == 0, done.stderr


def upgrade(
    charted: Charted, namespace: str, values: Object, *more: str
) -> "subprocess.CompletedProcess[str]":
    """Run helm upgrade --install."""
    where = (RELEASE, str(CHART), "--install", f"--namespace={namespace}")
    return charted.with_values("upgrade", *where, *more, values=values)


def hooks(charted: Charted, namespace: str, values: Object) -> int:
    """How many hooks an upgrade to these values would run."""
    done = upgrade(charted, namespace, values, "--dry-run=server")
    assert done.returncode == 0, done.stderr
    return done.stdout.count("helm.sh/hook: pre-upgrade")
