"""Media in a bucket: what the magento chart makes of it. magento_chart has the options."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from controller.domain.plans import Plan
from controller.engines.plans import values_of
from tests.cluster.magento_chart import (
    BUCKET,
    CLUSTER,
    MINIO,
    OPTIONS,
    ROLE,
    ROOT,
    SHOP,
    Charted,
    Object,
    Rendered,
    containers,
    laid_over,
    named,
    planned,
    pod_templates,
)

IN_A_BUCKET = pytest.mark.parametrize("option", ["media-in-a-bucket", "media-in-a-bucket-inside"])
KEYS = {"media-access-key", "media-secret-key"}


@pytest.fixture(scope="session")
def charted(tools: Path) -> Charted:
    """Helm without a cluster."""
    return Charted(tools=tools)


@pytest.fixture(scope="session")
def rendered(charted: Charted) -> Rendered:
    return Rendered(charted)


def shop_pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Every pod that runs the shop's own code."""
    for name, template in pod_templates(objects):
        if template["metadata"]["labels"].get("storecontroller.io/role") == "shop":
            yield name, template


def environment(container: Object) -> dict[str, str]:
    """What a container is told."""
    return {each["name"]: each.get("value", "") for each in container.get("env", ())}


@IN_A_BUCKET
@pytest.mark.parametrize("plan", Plan)
def test_pods_share_no_volume_and_go_to_any_node(
    plan: Plan, option: str, rendered: Rendered
) -> None:
    objects = rendered.of(plan, option)
    claims = {i["metadata"]["name"] for i in objects if i["kind"] == "PersistentVolumeClaim"}
    assert "acme-media" not in claims
    assert claims
    for name, template in shop_pods(objects):
        assert "affinity" not in template["spec"], name
        (media,) = (each for each in template["spec"]["volumes"] if each["name"] == "media")
        assert "emptyDir" in media, name
    assert named(objects, "PodDisruptionBudget", "-web")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("plan", Plan)
def test_a_plan_with_a_bucket_asks_for_no_volume_that_two_nodes_write(
    plan: Plan, charted: Charted
) -> None:
    media = {"bucket": "pictures", "region": "eu-central-1", "endpoint": None, "prefix": None}
    objects = charted.render(values_of(plan, replace(SHOP, media=media), CLUSTER))
    claims = [item for item in objects if item["kind"] == "PersistentVolumeClaim"]
    assert {mode for claim in claims for mode in claim["spec"]["accessModes"]} == {"ReadWriteOnce"}
    assert named(objects, "CronJob", "-backup")


@IN_A_BUCKET
def test_every_pod_of_the_shop_knows_the_bucket_and_has_its_key_as_a_file(
    option: str, rendered: Rendered
) -> None:
    expected = MINIO["bucket"] if option.endswith("inside") else BUCKET["bucket"]
    seen = 0
    for name, template in shop_pods(rendered.of(Plan.GROWTH, option)):
        (secrets,) = (each for each in template["spec"]["volumes"] if each["name"] == "secrets")
        assert {item["path"] for item in secrets["secret"]["items"]} >= KEYS, name
        for container in containers(template):
            known = environment(container)
            if "SHOP_DB_HOST" in known:
                seen += 1
                assert known["SHOP_MEDIA_BUCKET"] == expected, (name, container["name"])
    assert seen > 3


def test_a_shop_with_a_volume_is_told_of_no_bucket(rendered: Rendered) -> None:
    for _, template in shop_pods(rendered.of(Plan.STARTER, "as-it-is")):
        (secrets,) = (each for each in template["spec"]["volumes"] if each["name"] == "secrets")
        assert not KEYS & {item["key"] for item in secrets["secret"]["items"]}
        for container in containers(template):
            assert "SHOP_MEDIA_BUCKET" not in environment(container)


def test_what_is_said_of_the_bucket_reaches_the_image(rendered: Rendered) -> None:
    objects = rendered.of(Plan.STARTER, "media-in-a-bucket-inside")
    web = named(objects, "Deployment", "-web")["spec"]["template"]["spec"]["containers"][0]
    known = environment(web)
    assert {name: text for name, text in known.items() if name.startswith("SHOP_MEDIA")} == {
        "SHOP_MEDIA_BUCKET": "pictures",
        "SHOP_MEDIA_REGION": "us-east-1",
        "SHOP_MEDIA_ENDPOINT": "http://minio.storage",
        "SHOP_MEDIA_PREFIX": "shops/acme",
        "SHOP_MEDIA_AUTH": "keys",
        "SHOP_MEDIA_PATH_STYLE": "1",
        "SHOP_MEDIA_CACHE": "3072m",
    }
    readme = (ROOT / "images" / "magento" / "README.md").read_text()
    assert all(f"`{key}`" in readme for key in KEYS)


# A role in the keys' place


@pytest.mark.parametrize("plan", Plan)
def test_with_a_role_the_shop_s_pods_have_its_account_and_no_keys(
    plan: Plan, rendered: Rendered
) -> None:
    objects = rendered.of(plan, "media-by-a-role")
    account = named(objects, "ServiceAccount", "shop")
    assert account["metadata"]["annotations"] == ROLE["serviceAccount"]["annotations"]
    assert account["automountServiceAccountToken"] is False
    for name, template in pod_templates(objects):
        theirs = template["metadata"]["labels"]["storecontroller.io/role"] == "shop"
        expected = "shop" if theirs else "acme-services"
        assert template["spec"]["serviceAccountName"] == expected, name
        assert template["spec"]["automountServiceAccountToken"] is False, name
    for name, template in shop_pods(objects):
        (secrets,) = (each for each in template["spec"]["volumes"] if each["name"] == "secrets")
        assert not KEYS & {item["key"] for item in secrets["secret"]["items"]}, name
        for container in containers(template):
            known = environment(container)
            if "SHOP_MEDIA_BUCKET" in known:
                assert known["SHOP_MEDIA_AUTH"] == "role", (name, container["name"])


def test_with_a_role_its_account_may_write_the_token_and_nothing_else(rendered: Rendered) -> None:
    objects = rendered.of(Plan.STARTER, "media-by-a-role")
    accounts = {i["metadata"]["name"] for i in objects if i["kind"] == "ServiceAccount"}
    assert accounts == {"shop", "acme-services"}
    (subject,) = named(objects, "RoleBinding", "-install")["subjects"]
    assert subject["name"] == "shop"
    (rule,) = named(objects, "Role", "-install")["rules"]
    assert rule["resourceNames"] == ["acme-integration"]
    tokens = {
        name
        for name, template in pod_templates(objects)
        for volume in template["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
        if "serviceAccountToken" in source
    }
    assert {name.partition("-install-")[0] for name in tokens} == {"Job/acme"}


def test_every_account_that_a_pod_has_is_made(rendered: Rendered) -> None:
    for plan, option in product(Plan, OPTIONS):
        objects = rendered.of(plan, option)
        made = {i["metadata"]["name"] for i in objects if i["kind"] == "ServiceAccount"}
        used = {template["spec"]["serviceAccountName"] for _, template in pod_templates(objects)}
        assert used <= made, (plan, option)


@pytest.mark.parametrize("plan", Plan)
def test_the_role_that_infrastructure_made_reaches_the_pods(plan: Plan, charted: Charted) -> None:
    media = {
        "kind": "s3",
        "bucket": "shop-acme",
        "region": "eu-central-1",
        "endpoint": "https://s3.eu-central-1.amazonaws.com",
        "prefix": "",
        "user": None,
        "role": "arn:aws:iam::111122223333:role/shop-acme-media",
    }
    objects = charted.render(values_of(plan, replace(SHOP, media=media), CLUSTER))
    (web,) = (i for i in objects if i["kind"] == "Deployment" and "-web" in i["metadata"]["name"])
    account = web["spec"]["template"]["spec"]["serviceAccountName"]
    annotations = named(objects, "ServiceAccount", account)["metadata"]["annotations"]
    assert annotations == {"eks.amazonaws.com/role-arn": media["role"]}
    known = environment(web["spec"]["template"]["spec"]["containers"][0])
    assert (known["SHOP_MEDIA_AUTH"], known["SHOP_MEDIA_PATH_STYLE"]) == ("role", "0")


def test_a_backup_leaves_media_to_the_bucket_only_where_it_is_told(rendered: Rendered) -> None:
    for option, media in {
        "as-it-is": "copy",
        "media-in-a-bucket": "bucket",
        "media-in-a-bucket-inside": "copy",
    }.items():
        job = named(rendered.of(Plan.STARTER, option), "CronJob", "-backup")
        pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert environment(pod["initContainers"][0])["SHOP_BACKUP_MEDIA"] == media, option


# What the network lets through


def test_a_bucket_on_the_internet_is_reached_there_and_nothing_inside(rendered: Rendered) -> None:
    objects = rendered.of(Plan.STARTER, "media-in-a-bucket")
    spec = named(objects, "NetworkPolicy", "-media")["spec"]
    (rule,) = spec["egress"]
    assert [port["port"] for port in rule["ports"]] == [443]
    assert "10.0.0.0/8" in rule["to"][0]["ipBlock"]["except"]
    assert "fc00::/7" in rule["to"][1]["ipBlock"]["except"]
    chosen = spec["podSelector"]["matchLabels"].items()
    for name, template in shop_pods(objects):
        assert chosen <= template["metadata"]["labels"].items(), name


def test_a_bucket_inside_is_reached_at_its_pods(rendered: Rendered) -> None:
    objects = rendered.of(Plan.STARTER, "media-in-a-bucket-inside")
    (rule,) = named(objects, "NetworkPolicy", "-media")["spec"]["egress"]
    assert [port["port"] for port in rule["ports"]] == [9000]
    (peer,) = rule["to"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "storage"}


NAMESPACE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "storage"}}}


@pytest.mark.parametrize(
    ("endpoint", "peer", "ports"),
    [
        ("", None, [443]),
        ("https://s3.example.com", None, [443]),
        ("https://s3.svc.example.com:9443", None, [9443]),
        ("http://s3.example.com", None, [80]),
        ("http://10.1.2.3:9000", {"ipBlock": {"cidr": "10.1.2.3/32"}}, [9000]),
        ("http://minio.storage.svc", NAMESPACE, []),
        ("http://minio.storage.svc.cluster.local:9000", NAMESPACE, []),
    ],
)
def test_where_the_bucket_is_follows_from_its_endpoint(
    endpoint: str, peer: Object | None, ports: list[int], charted: Charted
) -> None:
    over = {"media": {"mode": "s3", "s3": {**BUCKET, "endpoint": endpoint}}}
    objects = charted.render(laid_over(planned(), over))
    (rule,) = named(objects, "NetworkPolicy", "-media")["spec"]["egress"]
    assert [each["port"] for each in rule.get("ports", ())] == ports
    if peer is None:
        assert [set(to["ipBlock"]) for to in rule["to"]] == [{"cidr", "except"}] * 2
    else:
        assert rule["to"] == [peer]
