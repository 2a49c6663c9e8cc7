"""`storectl image`: one store, all of them, what a rollout tells and how it ends."""

import pytest

from cli.commands import images
from tests.unit.cli.fake_control_plane import FakeApi
from tests.unit.cli.runner import Storectl

NEW = "registry.example.com/shop:2"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_LOOK_SECONDS", 0.0)


def test_one_store_is_followed_until_it_runs_the_image(connected: Storectl, api: FakeApi) -> None:
    connected("create", "acme", "--country", "DE")
    outcome = connected("image", "set", "acme", NEW)
    assert (outcome.code, api.images) == (0, [("acme", NEW)])
    assert "acme is ready" in outcome.out


@pytest.mark.parametrize(
    "argv", [[], [NEW], ["acme", NEW, "--all"], ["--all"], ["acme", NEW, "--dry-run"]], ids=str
)
def test_it_is_one_store_or_all(connected: Storectl, api: FakeApi, argv: list[str]) -> None:
    assert connected("image", "set", *argv).code == 2
    assert (api.images, api.rollouts.asked) == ([], [])


def test_all_stores_are_told_of_in_their_turn(connected: Storectl, api: FakeApi) -> None:
    outcome = connected("image", "set", "--all", NEW, "--max-parallel", "3")
    assert outcome.code == 0
    asked = {"image": NEW, "engine": "magento", "maxParallel": 3, "maxFailures": 1, "dryRun": False}
    assert api.rollouts.asked == [asked]
    assert outcome.err.splitlines() == ["acme: done", "bear: done"]


def test_a_rollout_that_stops_ends_with_a_failure_and_goes_on(
    connected: Storectl, api: FakeApi
) -> None:
    api.rollouts.fails = {"acme"}
    stopped = connected("image", "set", "--all", NEW)
    assert (stopped.code, stopped.err) == (1, "acme: failed (image_unpullable)\n")
    assert connected("image", "rollouts").out.splitlines()[1].split()[:3] == [
        "01rollout",
        NEW,
        "stopped",
    ]
    assert connected("image", "resume", "01rollout").code == 0


def test_a_dry_run_names_the_stores_and_begins_nothing(connected: Storectl, api: FakeApi) -> None:
    outcome = connected("image", "set", "--all", NEW, "--dry-run")
    assert (outcome.code, outcome.out) == (0, "acme\nbear\n")
    assert api.rollouts.shown == {}


def test_what_runs_is_listed(connected: Storectl) -> None:
    rows = [line.split() for line in connected("image", "list").out.splitlines()]
    assert rows[1:] == [
        ["acme", "north", "registry.example.com/shop:1"],
        ["bear", "north", "–"],
    ]
