"""`storectl cluster`: what is read, sent and printed, and the exit codes."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from cli import doctor
from tests.unit.cli.fake_control_plane import FakeApi
from tests.unit.cli.runner import Outcome, Storectl


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """Give a kubeconfig whose secrets lie beside it, with two contexts."""
    (tmp_path / "ca.crt").write_bytes(b"certificate")
    (tmp_path / "token").write_text("a-token\n")
    user = {"tokenFile": "token"}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {"server": f"https://{name}", "certificate-authority": "ca.crt"},
            }
            for name in ("north", "south")
        ],
        "users": [{"name": "u", "user": user}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": "u"}} for name in ("north", "south")
        ],
        "current-context": "north",
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def north(connected: Storectl, kubeconfig: Path) -> Outcome:
    argv = ("--kubeconfig", str(kubeconfig), "--domain", "shops.example.com", "--region", "eu")
    return connected("cluster", "add", "north", *argv)


def test_add_sends_a_kubeconfig_that_holds_everything(north: Outcome, api: FakeApi) -> None:
    assert (north.code, north.err) == (0, "")
    assert north.out == (
        "north is ready: Kubernetes 1.34.1, room for 500 stores at *.shops.example.com.\n"
    )
    sent = yaml.safe_load(api.clusters.secrets["north"]["kubeconfig"])
    cluster, user = sent["clusters"][0]["cluster"], sent["users"][0]["user"]
    assert cluster == {
        "server": "https://north",
        "certificate-authority-data": base64.b64encode(b"certificate").decode(),
    }
    assert user == {"token": "a-token"}
    assert api.clusters.rows["north"]["region"] == "eu"


def test_add_takes_another_context_and_what_the_module_needs(
    connected: Storectl, kubeconfig: Path, api: FakeApi, tmp_path: Path
) -> None:
    (tmp_path / "dns").write_text("secret\n")
    (tmp_path / "variables.json").write_text(json.dumps({"zone": "a", "size": 3}))
    outcome = connected(
        *("cluster", "add", "south", "--kubeconfig", str(kubeconfig), "--context", "south"),
        *("--domain", "s.example.com", "--capacity", "20", "--no-tls", "--issuer", "letsencrypt"),
        *("--variables", str(tmp_path / "variables.json"), "--variable", "zone=b"),
        *("--variable", "flags=[1]", "--secret-variable", f"dns_token={tmp_path / 'dns'}"),
        *("--infrastructure", "shared-services", "-o", "json"),
    )
    assert outcome.code == 0
    spec = outcome.json["spec"]
    assert spec["variables"] == {"zone": "b", "size": 3, "flags": [1]}
    assert (spec["tls"], spec["capacity"], spec["certificateIssuer"]) == (False, 20, "letsencrypt")
    assert spec["secretVariables"] == ["dns_token"]
    assert api.clusters.secrets["south"]["variable/dns_token"] == "secret"
    assert "https://south" in api.clusters.secrets["south"]["kubeconfig"]
    assert "secret" not in outcome.out.replace("secretVariables", "")


def test_add_again_says_that_it_was_there(
    connected: Storectl, kubeconfig: Path, north: Outcome
) -> None:
    argv = ("--kubeconfig", str(kubeconfig), "--domain", "shops.example.com")
    again = connected("cluster", "add", "north", *argv)
    assert again.code == 0
    assert again.err == "“north” was there already; its way in is renewed.\n"


def test_a_cluster_that_refuses_is_exit_5_with_the_cause(
    connected: Storectl, kubeconfig: Path, api: FakeApi
) -> None:
    api.clusters.refuses = "connection refused"
    argv = ("--kubeconfig", str(kubeconfig), "--domain", "x.example.com")
    outcome = connected("cluster", "add", "north", *argv)
    assert outcome.code == 5
    assert "The cluster “north” cannot be used: connection refused" in outcome.err
    assert "Nothing was kept." in outcome.err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        pytest.param([], "Give either --kubeconfig or --in-cluster.", id="no way in"),
        pytest.param(["--kubeconfig", "/nowhere/x"], "/nowhere/x cannot be read", id="no file"),
        pytest.param(["--in-cluster", "--variable", "x"], "“x” cannot be read", id="no value"),
        pytest.param(
            ["--in-cluster", "--secret-variable", "a=/nowhere/y"], "/nowhere/y", id="no secret"
        ),
        pytest.param(
            ["--in-cluster", "--capacity", "0"], "--capacity takes 1 or more", id="no room"
        ),
        pytest.param(
            ["--kubeconfig", "{file}", "--context", "west"], "no context “west”", id="no context"
        ),
    ],
)
def test_what_cannot_be_read_is_exit_2(
    connected: Storectl, kubeconfig: Path, api: FakeApi, argv: list[str], says: str
) -> None:
    given = [item.replace("{file}", str(kubeconfig)) for item in argv]
    outcome = connected("cluster", "add", "north", "--domain", "x.example.com", *given)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert api.requests == []


def test_list_says_how_full_each_is_and_whether_it_answers(
    connected: Storectl, north: Outcome, api: FakeApi
) -> None:
    connected("cluster", "add", "south", "--in-cluster", "--domain", "s.example.com")
    api.clusters.stacks["north"] = 3
    since = datetime.now(UTC) - timedelta(minutes=3)
    api.clusters.unreachable["south"] = since.isoformat().replace("+00:00", "Z")
    connected("cluster", "drain", "south")
    rows = connected("cluster", "list").out.splitlines()
    assert rows[0].split() == ["NAME", "REGION", "STATE", "STORES", "KUBERNETES", "ANSWERS"]
    assert rows[1].split() == ["north", "eu", "active", "3/500", "1.34.1", "yes"]
    assert rows[2].split()[:5] == ["south", "–", "draining", "0/500", "1.34.1"]
    moment = since.astimezone()
    shown = moment.strftime("%H:%M")
    if moment.date() != datetime.now().astimezone().date():
        shown = moment.strftime("%Y-%m-%d %H:%M")
    assert rows[2].endswith(f"unreachable since {shown} (3 min)")
    wide = connected("cluster", "list", "-o", "wide").out
    assert "shops.example.com" in wide
    assert "https://north.example.com" in wide
    assert connected("cluster", "list", "-o", "name").out == "north\nsouth\n"
    page = connected("cluster", "get", "south").out
    assert "connection refused" in page
    assert "What runs there is left as it is until the cluster answers again." in page


def test_without_clusters_it_says_where_stores_run(connected: Storectl) -> None:
    outcome = connected("cluster", "list")
    assert (outcome.code, outcome.out) == (0, "")
    assert "stores run beside the control plane" in outcome.err
    assert connected("cluster", "list", "-o", "json").json == []


def test_get_shows_everything(connected: Storectl, north: Outcome, api: FakeApi) -> None:
    out = connected("cluster", "get", "north").out
    assert out.startswith("north  active")
    assert "https://NAME.shops.example.com" in out
    assert "0 of 500, room for 500 more" in out
    assert connected("cluster", "get", "north", "-o", "json").json == api.clusters.resource("north")
    missing = connected("cluster", "get", "west")
    assert missing.code == 3
    assert "There is no cluster “west”." in missing.err


def test_set_changes_what_is_named(connected: Storectl, north: Outcome, api: FakeApi) -> None:
    api.clusters.secrets["north"]["variable/token"] = "x"
    api.clusters.rows["north"]["variables"] = {"zone": "a"}
    removed = ("--remove-variable", "zone", "--remove-variable", "token")
    outcome = connected("cluster", "set", "north", "--capacity", "7", "--region", "", *removed)
    assert outcome.code == 0
    assert "0 of 7, room for 7 more" in outcome.out
    assert api.clusters.rows["north"]["variables"] == {}
    assert "variable/token" not in api.clusters.secrets["north"]
    assert api.clusters.rows["north"]["region"] == ""
    nothing = connected("cluster", "set", "north")
    assert nothing.code == 2
    assert "Nothing to change was given." in nothing.err


def test_drain_says_what_is_left_and_what_to_do(
    connected: Storectl, north: Outcome, api: FakeApi
) -> None:
    api.clusters.stacks["north"] = 2
    outcome = connected("cluster", "drain", "north")
    assert outcome.out == "north takes no new stores.\n"
    assert outcome.err.splitlines() == [
        "Stores that are still there and go on: 2. Nothing is moved.",
        "They are: storectl list --cluster north",
        "Once each is retired and purged: storectl cluster remove north",
    ]
    api.clusters.stacks.clear()
    assert "Nothing is there: storectl cluster remove north" in (
        connected("cluster", "drain", "north").err
    )
    again = connected("cluster", "activate", "north")
    assert again.out == "north takes new stores again: room for 500.\n"


def test_remove_wants_a_confirmation_and_an_empty_cluster(
    connected: Storectl, north: Outcome, api: FakeApi
) -> None:
    asked = connected("cluster", "remove", "north")
    assert asked.code == 2
    assert "storectl cluster remove north --yes" in asked.err
    api.clusters.stacks["north"] = 1
    full = connected("cluster", "remove", "north", "--yes")
    assert full.code == 5
    assert "is not empty; stores on it: 1." in full.err
    api.clusters.stacks.clear()
    outcome = connected("cluster", "remove", "north", "--yes")
    assert (outcome.code, outcome.out) == (0, "north is forgotten.\n")
    assert connected("cluster", "remove", "north", "--yes").code == 3
    gone = connected("cluster", "remove", "north", "--yes", "--ignore-not-found")
    assert (gone.code, gone.out) == (0, "")


NO_NODE = {"code": "no_node", "about": "", "detail": "n1: down", "blocks": True}
NO_METRICS = {"code": "no_metrics", "about": "", "detail": "404", "blocks": False}


def test_what_is_not_right_with_a_cluster_is_told_when_it_is_added_and_shown(
    connected: Storectl, api: FakeApi, kubeconfig: Path
) -> None:
    argv = ("--kubeconfig", str(kubeconfig), "--domain", "shops.example.com")
    api.clusters.findings["north"] = [NO_METRICS]
    added = connected("cluster", "add", "north", *argv)
    assert added.out.startswith("north is ready: Kubernetes 1.34.1")
    assert "! The metrics API does not answer" in added.out
    api.clusters.findings["south"] = [NO_METRICS, NO_NODE]
    refused = connected("cluster", "add", "south", *argv).out.splitlines()
    assert refused[0] == "south is added and not ready for shops:"
    assert refused[1].startswith("✗ No node is ready to take shops. n1: down Bring a node back")
    shown = connected("cluster", "get", "south").out
    assert "not fit for shops" in shown
    assert "✗ No node is ready to take shops. n1: down" in shown
    assert "not fit for shops" in connected("cluster", "list").out


def test_doctor_looks_at_every_cluster(
    connected: Storectl, api: FakeApi, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What else is looked at of a server is tested where there is a whole one.
    monkeypatch.setattr(doctor, "_server", doctor._clusters)
    argv = ("--kubeconfig", str(kubeconfig), "--domain", "shops.example.com")
    for name in ("east", "north", "south"):
        connected("cluster", "add", name, *argv)
    api.clusters.findings["north"] = [NO_METRICS, NO_NODE]
    api.clusters.unreachable["south"] = "connection refused"
    outcome = connected("doctor", "-o", "json")
    assert outcome.code == 1
    checks = {item["name"]: item for item in outcome.json["checks"]}
    states = {name: it["state"] for name, it in checks.items() if name.startswith("cluster:")}
    assert states == {
        "cluster:east": "ok",
        "cluster:north:no_node": "fail",
        "cluster:north:no_metrics": "warn",
        "cluster:south": "fail",
    }
    assert checks["cluster:north:no_node"]["action"] == "Bring a node back, or add one."
    assert "connection refused" in checks["cluster:south"]["detail"]
