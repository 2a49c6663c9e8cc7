"""Plans as values: complete, of the plan's size, and deaf to what a tenant typed."""

from dataclasses import replace

import pytest

from controller.domain.clusters import ClusterOffer
from controller.domain.plans import PLAN_SCALES, Plan
from controller.engines.plans import TEMPLATES, PlannedShop, rooms, values_of

SHOP = PlannedShop(
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
CLUSTER = ClusterOffer(storage_class="fast", shared_storage_class="shared", ingress_class="nginx")


@pytest.mark.parametrize(("engine", "plans"), [("magento", set(Plan)), ("sandbox", {"starter"})])
def test_each_plan_has_a_file_and_each_file_is_a_plan(engine: str, plans: set[str]) -> None:
    files = {path.stem for path in (TEMPLATES / engine).glob("[!_]*.yaml")}
    assert files == plans
    assert files == {plan for plan in Plan if engine in rooms(plan, PLAN_SCALES[plan])}


def test_a_sandbox_asks_for_little_and_is_allowed_little() -> None:
    values = values_of(Plan.STARTER, SHOP, CLUSTER, "sandbox")
    assert values["store"]["plan"] == "starter"
    assert values["websites"] == SHOP.websites
    assert values["baseUrl"] == SHOP.base_url
    assert values["data"]["storage"] == {"size": "1Gi", "className": "fast"}
    found = rooms(Plan.STARTER, PLAN_SCALES[Plan.STARTER])
    assert found["sandbox"]["quota"]["requests.storage"] == "4Gi"
    assert found["magento"]["quota"]["requests.storage"] == "60Gi"


@pytest.mark.parametrize("plan", Plan)
def test_a_plan_says_who_the_shop_is_and_where_it_runs(plan: Plan) -> None:
    values = values_of(plan, SHOP, CLUSTER)
    assert values["store"] == {
        "uid": SHOP.uid,
        "name": "acme",
        "tenant": "acme-inc",
        "plan": plan.value,
    }
    assert values["websites"] == SHOP.websites
    assert values["existingSecret"] == "acme-secrets"
    assert values["database"]["storage"]["className"] == "fast"
    assert values["ingress"] == {"enabled": True, "className": "nginx"}


@pytest.mark.parametrize(
    "text",
    ["{{ 7 * 7 }}", "{% raw %}", 'a"b', "a: b", "a\nimage: {}", "# a", "yes", "1e3", "é\u2028"],
)
def test_what_a_tenant_typed_stays_text(text: str) -> None:
    values = values_of(Plan.STARTER, replace(SHOP, name=text, websites={text: text}), CLUSTER)
    assert values["store"]["name"] == text
    assert values["websites"] == {text: text}
    assert values["image"]["repository"] == SHOP.image


def test_a_gateway_takes_the_ingress_place() -> None:
    values = values_of(Plan.GROWTH, SHOP, replace(CLUSTER, gateway="public"))
    assert "ingress" not in values
    assert values["gateway"]["parentRefs"] == [{"name": "public", "namespace": "default"}]


def test_certificates_come_from_the_issuer_that_the_cluster_names() -> None:
    values = values_of(Plan.SCALE, SHOP, replace(CLUSTER, certificate_issuer="letsencrypt"))
    assert values["ingress"]["annotations"] == {"cert-manager.io/cluster-issuer": "letsencrypt"}
    assert values["ingress"]["tls"] == {"enabled": True}


def test_a_bigger_plan_has_more_of_what_a_shop_runs_short_of() -> None:
    sizes = [values_of(plan, SHOP, CLUSTER) for plan in Plan]
    # PHP's processes follow the memory.
    memory = [size["web"]["resources"]["limits"]["memory"] for size in sizes]
    assert memory == ["1536Mi", "2Gi", "3Gi"]
    assert [size["pageCache"]["memory"] for size in sizes] == ["64M", "256M", "1G"]
    assert [size["media"]["storage"]["accessMode"] for size in sizes] == [
        "ReadWriteOnce",
        "ReadWriteMany",
        "ReadWriteMany",
    ]


def test_pods_on_several_nodes_share_their_media() -> None:
    for plan in Plan:
        values = values_of(plan, SHOP, CLUSTER)
        alone = values["media"]["storage"]["accessMode"] == "ReadWriteOnce"
        assert alone != values["web"].get("autoscaling", {}).get("enabled", False), plan


BUCKET = {
    "kind": "s3",
    "bucket": "pictures",
    "region": "eu-central-1",
    "endpoint": None,
    "prefix": "",
    "user": None,
    "role": None,
}


@pytest.mark.parametrize(
    ("endpoint", "kept", "path_style"),
    [
        (None, "", False),
        ("", "", False),
        ("https://s3.eu-central-1.amazonaws.com", "https://s3.eu-central-1.amazonaws.com", False),
        ("https://s3.eu-central-1.amazonaws.com/", "https://s3.eu-central-1.amazonaws.com", False),
        ("http://minio.storage.svc:9000/", "http://minio.storage.svc:9000", True),
        ("https://amazonaws.com.example.com", "https://amazonaws.com.example.com", True),
    ],
    ids=["none", "empty", "amazon", "amazon, slash", "inside, slash", "amazon's name in another"],
)
def test_amazon_alone_has_the_bucket_in_the_host_s_name(
    endpoint: str | None, kept: str, path_style: bool
) -> None:
    media = {**BUCKET, "endpoint": endpoint}
    values = values_of(Plan.STARTER, replace(SHOP, media=media), CLUSTER)
    assert values["media"] == {
        "mode": "s3",
        "s3": {
            "bucket": "pictures",
            "region": "eu-central-1",
            "endpoint": kept,
            "prefix": "",
            "pathStyle": path_style,
        },
    }
    assert "serviceAccount" not in values


def test_a_role_takes_the_keys_place() -> None:
    role = "arn:aws:iam::111122223333:role/shop-acme-media"
    for plan in Plan:
        values = values_of(plan, replace(SHOP, media={**BUCKET, "role": role}), CLUSTER)
        assert values["media"]["s3"]["auth"] == "role"
        assert values["serviceAccount"] == {"annotations": {"eks.amazonaws.com/role-arn": role}}
