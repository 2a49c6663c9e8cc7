"""The operator's values of the chart: laid over one another, checked at the door, told whence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.domain.clusters import ClusterSpec
from controller.domain.errors.base import InvalidInputError
from controller.domain.errors.clusters import ValuesUnusableError
from controller.domain.mail import Encryption, Relay
from controller.domain.plans import Plan
from controller.domain.stack import Installation, Stack, StackDesired, StackSpec
from controller.engines.beside import Beside
from controller.engines.magento import MagentoEngine
from controller.engines.sandbox import SandboxEngine
from controller.engines.values import PlatformValues, check_values, effective, read_platform

INGRESS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}
CLUSTER = ClusterSpec(name="north", capacity=9, domain="shops.example.com")


def stack(engine: str = "magento", plan: Plan = Plan.STARTER, image: str = "") -> Stack:
    installation = Installation(
        name="acme", tenant="t", language="en_US", currency="USD", timezone="UTC"
    )
    url = "https://acme.shops.example.com"
    return Stack(
        uid="01stack",
        tenant="t",
        engine=engine,
        version="1",
        driver="helm",
        desired=StackDesired.RUNNING,
        generation=1,
        observed_generation=0,
        conditions={},
        endpoint=None,
        cluster="north",
        spec=StackSpec(plan=plan, url=url, installation=installation, image=image),
    )


def test_the_plan_is_stronger_than_the_cluster_and_that_than_the_platform() -> None:
    platform = PlatformValues(
        everywhere={"registryMirror": "a.example.com/m", "search": {"heap": "1g"}},
        plans={"growth": {"search": {"heap": "3g"}}},
    )
    cluster = replace(CLUSTER, values={"search": {"heap": "2g"}, "adminPath": "back"})
    engine = MagentoEngine("registry.example.com/shop:1", platform)
    small = engine.release(stack(), cluster).values
    large = engine.release(replace(stack(plan=Plan.GROWTH), uid="other"), cluster).values
    assert (small["search"]["heap"], large["search"]["heap"]) == ("2g", "3g")
    assert (small["registryMirror"], small["adminPath"]) == ("a.example.com/m", "back")
    # What is not said stays the plan's.
    assert small["search"]["storage"]["size"] == "4Gi"
    told = effective(platform.over(cluster, Plan.STARTER))
    assert told == [
        {"path": "adminPath", "value": "back", "from": "cluster north"},
        {"path": "registryMirror", "value": "a.example.com/m", "from": "platform"},
        {"path": "search.heap", "value": "2g", "from": "cluster north"},
    ]


def test_an_image_is_the_plans_the_clusters_or_the_platforms_until_a_stack_has_its_own() -> None:
    plans = {"growth": {"image": {"repository": "r.example.com/large", "tag": "3"}}}
    engine = MagentoEngine("r.example.com/shop:1", PlatformValues(plans=plans))
    values = {"image": {"repository": "r.example.com/north", "tag": "2"}}
    cluster = replace(CLUSTER, values=values)
    assert engine.image_of(stack(), CLUSTER) == "r.example.com/shop:1"
    assert engine.image_of(stack(), cluster) == "r.example.com/north:2"
    assert engine.image_of(stack(plan=Plan.GROWTH), cluster) == "r.example.com/large:3"
    own = engine.release(stack(image="r.example.com/own:4"), cluster).values["image"]
    assert (own["repository"], own["tag"]) == ("r.example.com/own", "4")


def test_a_pull_secret_is_named_in_each_release() -> None:
    cluster = replace(CLUSTER, pull_secret="registry-pull-1", values={"imagePullSecrets": ["b"]})
    engine = MagentoEngine("registry.example.com/shop:1")
    assert engine.release(stack(), cluster).values["imagePullSecrets"] == ["registry-pull-1", "b"]


def test_the_sandbox_chart_is_told_what_it_knows_of_them() -> None:
    values = {"networkPolicy": {"webFrom": [INGRESS]}, "search": {"heap": "2g"}}
    cluster = replace(CLUSTER, values=values)
    found = SandboxEngine("registry.example.com/sandbox:1").release(stack("sandbox"), cluster)
    assert found.values["networkPolicy"] == {"webFrom": [INGRESS]}
    assert "search" not in found.values


@pytest.mark.parametrize(
    "values",
    [
        {"networkPolicy": {"webFrom": [INGRESS]}},
        {"database": {"image": {"repository": "r.example.com/mariadb", "tag": "10.11"}}},
        {"install": {"kubectl": {"repository": "r.example.com/kubectl", "tag": "v1.34.2"}}},
        {"imagePullSecrets": ["own"], "registryMirror": "registry.example.com:5000/mirror"},
        {"ingress": {"className": "traefik", "annotations": {"a.example.com/b": "c"}}},
        {"database": {"storage": {"className": "fast"}}},
        {"networkPolicy": {"mail": {"to": [INGRESS], "ports": [25]}}},
        {},
    ],
)
def test_what_the_chart_takes_can_be_set(values: dict[str, Any]) -> None:
    check_values(values)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"databse": {}}, "values"),
        ({"database": {"image": {"tga": "1"}}}, "values.database.image"),
        ({"database": {"image": {"repository": "R:1"}}}, "values.database.image.repository"),
        ({"ingress": {"annotations": {"a": 1}}}, "values.ingress.annotations.a"),
        ({"websites": {"a.example.com": ""}}, "values.websites"),
        ({"stopped": True}, "values.stopped"),
        ({"install": {"baseUrl": "https://a/"}}, "values.install.baseUrl"),
    ],
)
def test_what_the_chart_refuses_is_refused_at_the_door(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_values(values)
    assert [name for name, _ in caught.value.errors] == [field]


def test_the_platforms_file_is_checked_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("values: {registryMirror: r.example.com/m}\nplans: {growth: {adminPath: b}}\n")
    found = read_platform(str(path))
    assert found.everywhere == {"registryMirror": "r.example.com/m"}
    assert found.plans == {"growth": {"adminPath": "b"}}
    refused = {
        "values: [": "Line ",
        "else: {}": "values and plans, and nothing else",
        "- a": "values and plans, and nothing else",
        "values: 3": "values: fields with their values, as {name: value}",
        "plans: [growth]": "plans: names of plans with values",
        "plans: {growth: 3}": "plans.growth: fields with their values, as {name: value}",
        "plans: {huge: {}}": "plans: no plan: huge",
        "values: {databse: {}}": "values: must not contain {'databse'} properties",
    }
    for text, told in refused.items():
        path.write_text(text)
        with pytest.raises(ValuesUnusableError) as caught:
            read_platform(str(path))
        assert f"{path}: " in (said := str(caught.value.params["problems"]))
        assert told in said
    with pytest.raises(ValuesUnusableError):
        read_platform(str(tmp_path / "nowhere"))


def test_the_strongest_document_says_the_mail_server_and_whom_to_trust(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("hush\n")
    mail = {"host": "plan.example.com", "username": "u", "passwordFile": str(password)}
    platform = PlatformValues(
        everywhere={"mail": {"host": "all.example.com"}, "trust": {"certificates": "A"}},
        plans={"growth": {"mail": mail}},
    )
    cluster = replace(CLUSTER, values={"mail": {"host": "north.example.com", "port": 465}})
    engine = MagentoEngine("registry.example.com/shop:1", platform)
    small = engine.beside(stack(), cluster)
    assert small == Beside(
        trust="A",
        relay=Relay(host="north.example.com", port=465, encryption=Encryption.TLS),
        sealed=True,
    )
    large = engine.beside(stack(plan=Plan.GROWTH), cluster)
    assert large.relay == Relay(host="plan.example.com", username="u", password="hush")
    assert not large.sealed
    values = engine.release(stack(), cluster).values
    assert "mail" not in values
    assert values["trust"] == {"certificates": "A"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"mail": "smtp.example.com"}, "values.mail"),
        ({"mail": {"port": 25}}, "values.mail.host"),
        ({"mail": {"host": "a b"}}, "values.mail.host"),
        ({"mail": {"host": "a.example.com", "port": 0}}, "values.mail.port"),
        ({"mail": {"host": "a.example.com", "encryption": "ssl"}}, "values.mail.encryption"),
        ({"mail": {"host": "a.example.com", "from": "nobody"}}, "values.mail.from"),
        ({"mail": {"host": "a.example.com", "passwordFile": "/etc/passwd"}}, "values.mail"),
        ({"trust": {"certificates": "no certificate"}}, "values.trust.certificates"),
    ],
)
def test_what_no_mail_server_or_certificate_can_be_is_refused(
    values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_values(values)
    assert [name for name, _ in caught.value.errors] == [field]
