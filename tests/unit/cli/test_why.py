"""`storectl why`: what a person reads, and what a program gets."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.cli.fake_control_plane import FakeApi, condition
from tests.unit.cli.runner import Storectl


def layer(name: str, state: str = "ok", reason: str = "WhyReady", **more: Any) -> dict[str, Any]:
    found = {
        "layer": name,
        "state": state,
        "reason": reason,
        "params": {},
        "message": f"{reason} in English",
        "code": None,
        "step": None,
        "since": None,
        "conditions": [],
        "reasons": [],
    }
    return {**found, **more}


def explanation(code: str, *layers: dict[str, Any], **cause: Any) -> dict[str, Any]:
    params = {"store": "acme", "cluster": "north", "operation": "op1", "larger": "growth"}
    said = {"code": code, "params": params, "message": "m", "action": "a", "command": "storectl x"}
    return {
        "apiVersion": "storectl/v1",
        "kind": "Explanation",
        "metadata": {"name": "acme", "uid": "u1"},
        "status": {
            "phase": "Degraded",
            "ready": False,
            "layers": list(layers),
            "cause": {**said, **cause},
            "strangers": [],
        },
    }


IMAGE = {
    "kind": "image_pull",
    "thing": "pod/web-1",
    "container": "php",
    "message": "not found\x1b[2J",
    "event": "Failed",
    "part": "web",
    "about": "shops/magento:2",
}


def test_the_chain_names_the_pod_the_cause_and_the_next_command(
    connected: Storectl, api: FakeApi
) -> None:
    unmet = [condition("Answering", "False", "ShopStarting")]
    found = explanation(
        "image_pull",
        layer("store", "problem", "WhyUnmet", conditions=unmet),
        layer("operation", "problem", "ShopStarting", step="await-engine"),
        layer("pods", "problem", "WhyPartsUnready", reasons=[IMAGE]),
        layer("shop", "unknown", "WhyNotAsked"),
    )
    found["status"]["strangers"] = ["configmap/of-somebody"]
    api.explanation = found
    outcome = connected("why", "acme")
    assert (outcome.code, outcome.err) == (0, "")
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert lines[0] == "acme Degraded"
    assert "✗ Store Not everything is as wanted." in lines
    assert any(line.startswith("Answering: ") for line in lines)
    assert any("Waiting until the shop answers: " in line for line in lines)
    assert "pod/web-1 › php The image of “web” cannot be fetched." in lines
    assert "Failed: not found\ufffd[2J" in lines
    assert "? Shop Not asked, because it does not run." in lines
    assert "configmap/of-somebody" in lines
    assert lines[-3] == "Probable cause: The image of “shop” cannot be fetched."
    assert lines[-2].startswith("Next: Check the name and tag of ")
    assert lines[-1] == "→ storectl x"


def test_a_store_that_is_well_is_told_in_one_line(connected: Storectl, api: FakeApi) -> None:
    api.explanation = explanation("nothing", layer("store"), layer("pods", reason="WhyPartsReady"))
    assert connected("why", "acme").out == "acme  Degraded  Nothing is wrong: it takes orders.\n"
    assert "Every part of it is ready." in connected("why", "acme", "-o", "wide").out


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        pytest.param(200, r"Next attempt at \d\d:\d\d:\d\d \(in 3 min\)\.", id="later"),
        pytest.param(-7, r"Next attempt at any moment\.", id="overdue"),
    ],
)
def test_when_it_goes_on_is_told_beside_who_is_at_it_and_what_is_next(
    connected: Storectl, api: FakeApi, seconds: float, says: str
) -> None:
    due = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    lost = layer("worker", "problem", "WhyWorkerGone", since="2026-11-22T08:00:00Z", due=due)
    api.explanation = explanation("worker_lost", lost, due=due)
    lines = [" ".join(line.split()) for line in connected("why", "acme").out.splitlines()]
    (worker,) = (line for line in lines if line.startswith("✗ Worker"))
    assert re.search(rf"Who was at work on it ended in the middle\. since .* {says}$", worker)
    assert re.search(rf"^Next: Nothing needs to be done: the next worker .* {says}$", lines[-2])


def test_a_store_that_is_well_beside_something_that_is_not_has_no_cause(
    connected: Storectl, api: FakeApi
) -> None:
    api.explanation = explanation("nothing", layer("store"), layer("pods", "unknown"))
    out = connected("why", "acme").out
    assert "? Pods" in out
    assert "Nothing is wrong: it takes orders." in out
    assert "Probable cause" not in out


@pytest.mark.parametrize(
    ("code", "says"),
    [
        pytest.param("settings_refused", "The shop refused settings: x", id="an error's"),
        pytest.param("of_tomorrow", "Said tomorrow.", id="of a newer server"),
    ],
)
def test_causes_beyond_the_table_are_told_too(
    connected: Storectl, api: FakeApi, code: str, says: str
) -> None:
    params = {"detail": "x", "store": "acme"}
    api.explanation = explanation(code, params=params, message="Said tomorrow.")
    assert f"Probable cause: {says}" in connected("why", "acme").out


def test_programs_get_the_resource_and_scripts_the_code(
    connected: Storectl, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.explanation = explanation("crash_loop", layer("store"))
    assert connected("why", "acme", "-o", "json").json == api.explanation
    assert connected("why", "acme", "-o", "name").out == "crash_loop\n"


def test_a_store_that_is_not_there_is_exit_3(connected: Storectl) -> None:
    outcome = connected("why", "none")
    assert outcome.code == 3
    assert "There is no store called “none”." in outcome.err


NOTICED = {
    "id": None,
    "kind": "Event",
    "source": "place",
    "severity": "Warning",
    "reason": "BackOff",
    "params": {},
    "store": "acme",
    "operation": None,
    "message": "Back-off pulling image",
    "thing": "pod/web-1",
    "count": 3,
    "at": "2026-11-22T08:00:05.000Z",
}


def test_events_show_what_the_cluster_noticed(connected: Storectl, api: FakeApi) -> None:
    api.noticed = [NOTICED]
    rows = connected("events", "acme").out.splitlines()
    assert rows[0].endswith("The order for “acme” is accepted.")
    assert rows[1].endswith("! cluster  pod/web-1  BackOff: Back-off pulling image (3 times)")
    assert connected("events", "acme", "-o", "name").out == "1\npod/web-1/BackOff\n"
    assert connected("events", "acme", "-o", "json").json[1] == NOTICED


def test_events_say_why_the_clusters_are_not_among_them(connected: Storectl, api: FakeApi) -> None:
    api.unasked = {"reason": "ClusterLost", "params": {"detail": "refused"}, "message": "m"}
    outcome = connected("events", "acme")
    assert outcome.code == 0
    assert outcome.err == (
        "What the cluster noticed is not among them: The cluster does not answer: refused\n"
    )
