"""What a stack needs around it follows from its cluster and from itself."""

from dataclasses import replace
from typing import Any

import pytest

from controller.domain.clusters import ClusterSpec
from controller.domain.stack import Installation, Stack, StackDesired, StackSpec
from controller.reconciler.surroundings import surroundings

STACK = Stack(
    uid="01abc",
    tenant="t1",
    engine="magento",
    version="2.4.7",
    driver="helm",
    desired=StackDesired.RUNNING,
    generation=1,
    observed_generation=1,
    conditions={},
    endpoint=None,
    cluster="eu",
    spec=StackSpec(
        url="https://acme.shops.example.com",
        installation=Installation(
            name="acme", tenant="t1", language="de_DE", currency="EUR", timezone="UTC"
        ),
    ),
)


def cluster(**variables: Any) -> ClusterSpec:
    return ClusterSpec(
        name="eu",
        capacity=1,
        domain="shops.example.com",
        infrastructure="shared-services",
        variables=variables,
    )


def made(*, ending: bool = False, **variables: Any) -> Any:
    return surroundings(STACK, cluster(**variables), lambda name: f"<{name}>", ending=ending)


def test_the_stack_names_itself_whatever_the_cluster_says() -> None:
    wanted = made(uid="another", labels={"store": "another"}, region="eu-1")
    assert (wanted.name, wanted.module) == ("01abc", "shared-services")
    assert wanted.variables == {
        "uid": "01abc",
        "labels": {"store": "acme", "tenant": "t1"},
        "region": "eu-1",
    }
    assert wanted.secrets == {}


def test_a_password_is_made_for_what_there_is() -> None:
    wanted = made(database={"host": "db"}, media={"endpoint": "https://s3"})
    assert wanted.secrets == {
        "database_password": "<db_password>",
        "media_secret_key": "<media_secret_key>",
    }


def test_a_role_trusts_the_pods_of_this_stack_alone() -> None:
    issuer = {"provider_arn": "arn:aws:iam::1:oidc-provider/x", "issuer": "x"}
    wanted = made(media={"versioning": True, "trust": {**issuer, "namespace": "another"}})
    assert wanted.variables["media"] == {
        "versioning": True,
        "trust": {**issuer, "namespace": "store-01abc", "service_account": "store-01abc"},
    }
    assert made(media={"trust": None}).variables["media"] == {"trust": None}


@pytest.mark.parametrize(
    ("dns", "name"),
    [
        pytest.param({"zone": "shops.example.com."}, "acme", id="below-a-zone"),
        pytest.param({"zone": "example.com."}, "acme.shops", id="further-below"),
        pytest.param({"zone_id": "Z1"}, "acme.shops.example.com", id="whole"),
    ],
)
def test_the_record_is_that_of_the_shops_host(dns: dict[str, str], name: str) -> None:
    assert made(dns=dns).variables["dns"]["name"] == name


def test_data_may_go_only_at_the_end() -> None:
    kept = made(deletion_protection=True)
    assert kept.variables["deletion_protection"] is True
    ending = made(ending=True, deletion_protection=True)
    assert ending.variables["deletion_protection"] is False
    assert ending.variables["force_destroy"] is True
    assert kept.digest != ending.digest
    assert kept.digest == replace(kept).digest
