"""The life of one sandbox store on a cluster, in the order in which it is lived, to its end.

In its pods runs the program of the real image: `sandboxes` gives it what its containers say.
"""

import base64
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.cluster.conftest import Cluster
from tests.cluster.given import DOMAIN, front_page, stood_in
from tests.cluster.shops import Shops
from tests.cluster.stage import Stage, helm, joined
from tests.cluster.waiting import until

pytestmark = stood_in
NAME = "preview"


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster, shops: Shops, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with joined(tmp_path_factory.mktemp("stage"), cluster, shops) as found:
        yield found


@pytest.fixture(scope="module")
def namespace(stage: Stage) -> str:
    """The namespace of the one store, which sells."""
    owner = ("--country", "DE", "--email", "ci@example.com", "--engine", "sandbox")
    place = ("--plan", "starter", "--cluster", "main", "--ttl", "2h")
    done = stage.storectl("create", NAME, *owner, *place)
    assert done.stdout.startswith(f"{NAME} is ready: https://{NAME}.{DOMAIN}"), done.stderr
    return stage.namespace(NAME)


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as page:
            return int(page.status)
    except HTTPError as error:
        error.close()
        return error.code


def job(cluster: Cluster, namespace: str, name: str) -> Any:
    """Run a Job of the release's CronJob now, as a person would; return its end."""
    found = cluster.batch.read_namespaced_cron_job(f"{namespace}-backup", namespace)
    api: Any = cluster.api
    spec = api.sanitize_for_serialization(found.spec.job_template.spec)
    cluster.batch.create_namespaced_job(namespace, {"metadata": {"name": name}, "spec": spec})

    def told() -> Any:
        return cluster.batch.read_namespaced_job(name, namespace).status

    until(lambda: told().succeeded or told().failed)
    return told()


def test_it_sells_on_its_own_address_in_one_small_pod(
    stage: Stage, cluster: Cluster, shops: Shops, namespace: str
) -> None:
    assert status(front_page(shops, NAME, namespace)) == 200
    assert stage.call("GET", f"/stores/{NAME}")["spec"]["expiresAt"]
    (release,) = helm(cluster, "list", "--namespace", namespace)
    assert release["chart"].startswith("sandbox-")
    (web,) = cluster.apps.list_namespaced_stateful_set(namespace).items
    assert (web.metadata.name, web.status.ready_replicas) == (f"{namespace}-web", 1)
    assert cluster.apps.list_namespaced_deployment(namespace).items == []
    (quota,) = cluster.core.list_namespaced_resource_quota(namespace).items
    assert (quota.spec.hard["requests.cpu"], quota.spec.hard["pods"]) == ("500m", "6")


def test_its_token_is_the_one_that_it_was_given(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    found = cluster.core.read_namespaced_secret("shop-secrets", namespace).data
    assert set(found) == {"access-token", "session-key"}
    stack = stage.stack(NAME)
    token = stage.world.access(stack)["access_token"]
    assert base64.b64decode(found["access-token"]).decode() == token


def test_its_links_lead_where_shoppers_are(stage: Stage, namespace: str) -> None:
    link = stage.call("POST", f"/stores/{NAME}/login-link")
    assert link["url"].startswith(f"https://{NAME}.{DOMAIN}/admin/enter?token=")


@pytest.mark.parametrize(
    "argv",
    [
        ("scale", NAME, "--now", "2"),
        ("plan", "set", NAME, "growth"),
        ("create", "other", "--country=DE", "--engine=sandbox", "--cluster=main", "--plan=growth"),
    ],
    ids=lambda argv: argv[0],
)
def test_it_has_one_size(argv: tuple[str, ...], stage: Stage, namespace: str) -> None:
    done = stage.storectl(*argv)
    assert done.returncode != 0
    assert "has one size" in done.stderr


def test_nothing_is_wrong_with_it(stage: Stage, namespace: str) -> None:
    assert stage.storectl("why", NAME).returncode == 0
    assert stage.reasons(NAME) == []


def test_suspended_it_is_closed_to_shoppers_and_open_to_us(
    stage: Stage, shops: Shops, namespace: str
) -> None:
    stage.do(NAME, "suspend")
    assert stage.phase(NAME) == "Suspended"
    assert status(front_page(shops, NAME, namespace)) == 503
    stage.do(NAME, "resume")
    assert stage.phase(NAME) == "Ready"
    assert status(front_page(shops, NAME, namespace)) == 200


def test_its_data_is_copied_while_it_sells(shops: Shops, cluster: Cluster, namespace: str) -> None:
    assert job(cluster, namespace, "now").succeeded
    (copy,) = shops.sandboxes.volume(namespace, "backup").iterdir()
    assert (copy / "manifest").is_file()


def test_retired_it_rests_on_its_volume_and_returns_with_it(
    stage: Stage, shops: Shops, cluster: Cluster, namespace: str
) -> None:
    data = shops.sandboxes.volume(namespace, "data")
    before = (data / "shop.sqlite3").stat().st_ino
    stage.do(NAME, "retire")
    until(lambda: namespace not in shops.running())
    assert {path.name for path in data.iterdir()} >= {"shop.sqlite3"}
    (cron,) = cluster.batch.list_namespaced_cron_job(namespace).items
    assert cron.spec.suspend is True
    stage.do(NAME, "undelete")
    assert stage.phase(NAME) == "Ready"
    assert (data / "shop.sqlite3").stat().st_ino == before


def test_purged_nothing_of_it_is_left(
    stage: Stage, shops: Shops, cluster: Cluster, namespace: str
) -> None:
    done = stage.purged(NAME)
    assert done["status"]["result"]["inventory"] == []
    assert namespace not in {item.metadata.name for item in cluster.core.list_namespace().items}
    until(lambda: namespace not in shops.kept())
