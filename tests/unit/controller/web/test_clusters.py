"""The operator's pages about where stores run: clusters, and why a store is not well."""

import pytest

from provisioners.base import Reason
from tests.planes import Plane
from tests.unit.controller.web.visitor import Visitor


@pytest.fixture(autouse=True)
def _clusters(plane: Plane) -> None:
    for name in ("north", "south"):
        body = {"name": name, "inCluster": True, "domain": f"{name}.example.com", "capacity": 2}
        assert plane.post("clusters", body).status_code == 201


def test_the_clusters_are_shown_with_their_room_and_whether_they_answer(
    plane: Plane, operator: Visitor
) -> None:
    plane.make(cluster="north")
    plane.registry.clusters.lost("south", "connection <refused>")
    for path in ("/operator/clusters", "/operator/clusters/now"):
        text = operator.get(path).text
        assert "room for 1 more" in text
        assert "Unreachable since" in text
        assert "What runs there is left as it is." in text
        assert "connection &lt;refused&gt;" in text
    plane.post("clusters/north/drain")
    assert "Draining" in operator.get("/operator/clusters").text


def test_a_stores_page_says_where_it_runs_and_asks_why_apart(
    plane: Plane, operator: Visitor
) -> None:
    plane.make(cluster="north", plan="growth")
    page = operator.get("/operator/stores/acme").text
    assert "The cluster “north” was asked for." in page
    assert "growth, 2–4" in page
    uid = plane.get("stores/acme").json()["metadata"]["uid"]
    assert f'hx-get="/operator/stores/{uid}/why' in page
    assert "Nothing is wrong: it takes orders." in operator.get(f"/operator/stores/{uid}/why").text
    message = "Back-off <pulling>; DB_PASSWORD=hunter22"
    reason = Reason(
        kind="image_pull", thing="pod/web-1", container="php", message=message, part="web"
    )
    plane.remote.reasons = (reason,)
    plane.remote.others = ("configmap/of-somebody",)
    found = operator.get("/operator/stores/acme/why").text
    assert "pod/web-1 › php" in found
    assert "Back-off &lt;pulling&gt;" in found
    assert "The image of “web” cannot be fetched." in found
    assert "storectl events acme" in found
    assert "configmap/of-somebody" in found
    assert "hunter22" not in found
    assert 'Pods<span class="unseen">: not well</span>' in found
    assert 'Cluster<span class="unseen">: well</span>' in found


@pytest.mark.parametrize("path", ["clusters/now", "stores/acme/why"])
def test_nobody_else_sees_them(plane: Plane, ann: Visitor, path: str) -> None:
    plane.make()
    assert ann.get(f"/operator/{path}").status_code == 401
    assert ann.get("/operator/clusters").headers["location"] == "/operator"
