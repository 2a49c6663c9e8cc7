"""The sandbox chart: rendered, refused where it should be, and taken by a real API server."""

import json
import re
import secrets
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sandbox import backups, container
from tests.cluster.conftest import Cluster
from tests.cluster.magento_chart import (
    RELEASE,
    ROOT,
    SHOP,
    Charted,
    Object,
    as_pod,
    containers,
    laid_over,
    named,
    pod_templates,
)
from tests.cluster.sandbox_chart import CHART, OPTIONS, planned
from tests.cluster.waiting import until

BOTH = pytest.mark.parametrize("helm", ["helm3", "helm4"])
README = (ROOT / "images" / "sandbox" / "README.md").read_text()


@pytest.fixture(scope="session")
def charted(tools: Path) -> Charted:
    """Helm without a cluster."""
    return Charted(tools=tools, chart=CHART)


def rendered(charted: Charted, option: str) -> list[Object]:
    return charted.render(laid_over(planned(), OPTIONS[option]))


@pytest.fixture(scope="module")
def everything(charted: Charted) -> dict[str, list[Object]]:
    """What helm makes of every option."""
    return {option: rendered(charted, option) for option in OPTIONS}


@BOTH
def test_helm_lints_and_packs_it_with_what_it_shares(
    helm: str, charted: Charted, tmp_path: Path
) -> None:
    linter = replace(charted, helm=helm)
    done = linter.with_values("lint", str(CHART), "--strict", values=planned())
    assert done.returncode == 0, done.stdout
    done = linter.run(helm, "package", str(CHART), "--destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (packed,) = tmp_path.iterdir()
    with tarfile.open(packed) as archive:
        shared = archive.extractfile("sandbox/templates/_common.tpl")
        assert shared is not None
        assert shared.read() == (ROOT / "helm" / "common" / "_common.tpl").read_bytes()
    done = linter.with_values("template", RELEASE, str(packed), values=planned())
    assert list(filter(None, yaml.safe_load_all(done.stdout))) == linter.render(planned())


@pytest.mark.parametrize("option", OPTIONS)
def test_both_helms_render_the_same(
    option: str, charted: Charted, everything: dict[str, list[Object]]
) -> None:
    assert rendered(replace(charted, helm="helm3"), option) == everything[option]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_object_says_whose_it_is_and_every_container_is_confined(
    option: str, everything: dict[str, list[Object]]
) -> None:
    for item in everything[option]:
        assert item["kind"] != "Secret"
        assert item["metadata"]["labels"]["storecontroller.io/uid"] == SHOP.uid
    for name, template in pod_templates(everything[option]):
        assert template["metadata"]["labels"]["storecontroller.io/uid"] == SHOP.uid
        assert template["spec"]["automountServiceAccountToken"] is False, name
        for each in containers(template):
            assert each["securityContext"]["readOnlyRootFilesystem"], name
            assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert each["resources"].keys() == {"requests", "limits"}
            assert each["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_only_what_the_image_documents_is_used_of_it(everything: dict[str, list[Object]]) -> None:
    commands = set(re.findall(r"^\| `(web|backup|list|restore)[ `]", README, re.MULTILINE))
    variables = set(re.findall(r"`([A-Z_]{6,})`", README))
    used = set()
    for objects in everything.values():
        for name, template in pod_templates(objects):
            for each in containers(template):
                used.add(each["args"][0])
                assert {variable["name"] for variable in each["env"]} <= variables, name
                for mount in each["volumeMounts"]:
                    assert f"`{mount['mountPath']}`" in README, (name, mount)
    assert used == commands == {"web", "backup", "list", "restore"}


def test_the_program_reads_what_the_chart_says(
    everything: dict[str, list[Object]], tmp_path: Path
) -> None:
    """Of each container: its environment, and the files of the secret."""
    for option, closed in (("closed", True), ("restore", False)):
        for _, template in pod_templates(everything[option]):
            (secret,) = (each for each in template["spec"]["volumes"] if each["name"] == "secrets")
            for item in secret["secret"]["items"]:
                (tmp_path / item["path"]).write_text(item["key"])
            each = containers(template)[0]
            environ = {variable["name"]: variable["value"] for variable in each["env"]}
            told = container.read_environment({**environ, "SHOP_SECRETS": str(tmp_path)})
            assert told.release.uid == SHOP.uid
            assert told.release.url == SHOP.base_url
            if each["args"] == ["web"]:
                assert told.release.closed is closed
                assert told.release.port == each["ports"][0]["containerPort"]
    assert backups.NAMES.fullmatch(OPTIONS["restore"]["restore"]["name"])


def test_nothing_runs_in_a_stopped_shop_and_its_data_stays(
    everything: dict[str, list[Object]],
) -> None:
    for option in ("stopped", "stopped-while-it-is-restored"):
        objects = everything[option]
        assert not {"Job"} & {item["kind"] for item in objects}
        assert named(objects, "StatefulSet", "-web")["spec"]["replicas"] == 0
        assert named(objects, "CronJob", "-backup")["spec"]["suspend"] is True
        for claim in ("-data", "-backup"):
            kept = named(objects, "PersistentVolumeClaim", claim)["metadata"]["annotations"]
            assert kept == {"helm.sh/resource-policy": "keep"}


def test_a_shop_rests_while_its_data_is_restored(everything: dict[str, list[Object]]) -> None:
    objects = everything["restore"]
    assert named(objects, "StatefulSet", "-web")["spec"]["replicas"] == 0
    assert named(objects, "CronJob", "-backup")["spec"]["suspend"] is True
    (job,) = (item for item in objects if item["kind"] == "Job")
    restoring, telling = containers(job["spec"]["template"])
    assert restoring["args"] == ["restore", "20261122T010203Z"]
    assert telling["args"] == ["list"]


def test_pods_that_share_the_volume_stay_on_its_node(everything: dict[str, list[Object]]) -> None:
    for name, template in pod_templates(everything["restore"]):
        (term,) = template["spec"]["affinity"]["podAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"
        ]
        chosen = term["labelSelector"]["matchLabels"]
        assert chosen.items() <= template["metadata"]["labels"].items(), name


def test_a_shop_is_reached_by_those_named_and_reaches_mail_servers_alone(
    everything: dict[str, list[Object]],
) -> None:
    policies = [item for item in everything["as-it-is"] if item["kind"] == "NetworkPolicy"]
    deny = named(policies, "NetworkPolicy", "-default-deny")["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    (out,) = (item["spec"] for item in policies if "egress" in item["spec"])
    names, mail = out["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert {port["port"] for port in mail["ports"]} == {465, 587}
    assert "169.254.0.0/16" in mail["to"][0]["ipBlock"]["except"]
    assert out["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "web"
    for _, template in pod_templates(everything["restore"]):
        assert deny["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    (rule,) = named(policies, "NetworkPolicy", "-web")["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8080}]


# What the schema refuses

BAD: dict[str, Object] = {
    "an-unknown-value": {"replicas": 2},
    "a-second-pod": {"web": {"replicas": 2}},
    "a-token": {"accessToken": "secret"},
    "no-uid": {"store": {"uid": ""}},
    "neither-tag-nor-digest": {"image": {"tag": ""}},
    "no-secret": {"existingSecret": ""},
    "a-base-url-without-a-slash": {"baseUrl": "https://acme.example.com"},
    "an-ingress-without-hosts": {"websites": {}},
    "a-storefront-that-is-ajar": {"storefront": "ajar"},
    "a-restore-without-copies": {"restore": {"name": "x"}, "backup": {"enabled": False}},
    "a-name-that-leads-out": {"restore": {"name": "../data"}},
    "data-that-many-nodes-write": {"data": {"storage": {"accessMode": "ReadWriteMany"}}},
    "no-copies-kept": {"backup": {"keep": 0}},
}


@pytest.mark.parametrize("over", [pytest.param(over, id=name) for name, over in BAD.items()])
def test_the_schema_refuses(over: Object, charted: Charted) -> None:
    values = laid_over(planned(), over)
    if "websites" in over:
        values["websites"] = over["websites"]
    done = charted.with_values("template", RELEASE, str(CHART), values=values)
    assert done.returncode != 0
    assert "don't meet the specifications of the schema" in done.stderr


def test_every_value_is_in_the_readme_and_its_example_is_accepted(charted: Charted) -> None:
    readme = (CHART / "README.md").read_text()
    named_there = set(re.findall(r"`([a-zA-Z]+)(?=[.`])", readme))
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert set(defaults) <= named_there
    assert set(schema["properties"]) == set(defaults)
    example = re.findall(r"<<'END'\n(.*?)END", readme, re.DOTALL)[0]
    kinds = {item["kind"] for item in charted.render(yaml.safe_load(example))}
    assert {"StatefulSet", "CronJob", "Ingress"} <= kinds


# Before a real API server


@pytest.fixture
def restricted(charted: Charted, cluster: Cluster) -> Iterator[tuple[Charted, str]]:
    """Helm and kubectl over the cluster, and a namespace that takes restricted pods only."""
    name = f"test-{secrets.token_hex(4)}"
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.core.create_namespace({"metadata": {"name": name, "labels": level}})
    until(lambda: cluster.core.list_namespaced_service_account(name).items)
    yield replace(charted, cluster=cluster), name
    cluster.core.delete_namespace(name)


def test_an_api_server_takes_every_option(
    everything: dict[str, list[Object]], restricted: tuple[Charted, str]
) -> None:
    there, namespace = restricted
    refused = {}
    for option, objects in everything.items():
        known = [item for item in objects if item["kind"] != "HTTPRoute"]
        pods = [as_pod(name, template) for name, template in pod_templates(objects)]
        if said := there.refused([*known, *pods], namespace):
            refused[option] = said
    assert refused == {}


def test_it_is_installed_stopped_and_woken_on_its_volume(
    restricted: tuple[Charted, str], cluster: Cluster
) -> None:
    there, namespace = restricted
    keys = {"access-token": "a", "session-key": "b"}
    secret = {"metadata": {"name": SHOP.secret}, "stringData": keys}
    cluster.core.create_namespaced_secret(namespace, secret)

    def upgrade(**over: object) -> None:
        done = there.with_values(
            "upgrade",
            RELEASE,
            str(CHART),
            "--install",
            f"--namespace={namespace}",
            values=laid_over(planned(), over),
        )
        assert done.returncode == 0, done.stderr

    def web() -> object:
        found = cluster.apps.read_namespaced_stateful_set(f"{RELEASE}-web", namespace)
        return found.status.ready_replicas or 0, found.status.replicas or 0

    def claims() -> dict[str, str]:
        found = cluster.core.list_namespaced_persistent_volume_claim(namespace).items
        return {item.metadata.name: item.metadata.uid for item in found}

    if cluster.stand_in is None:
        pytest.skip("the image of these values is nobody's")
    upgrade()
    until(lambda: web() == (1, 1))
    before = claims()
    assert set(before) == {f"{RELEASE}-data", f"{RELEASE}-backup"}
    upgrade(stopped=True)
    until(lambda: web() == (0, 0))
    assert claims() == before
    upgrade(data={"storage": {"size": "2Gi"}})
    until(lambda: web() == (1, 1))
    assert claims() == before
    grown = cluster.core.read_namespaced_persistent_volume_claim(f"{RELEASE}-data", namespace)
    assert grown.spec.resources.requests["storage"] == "2Gi"
