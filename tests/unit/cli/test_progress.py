"""What is printed of an operation's steps where no terminal is."""

from typing import Any

import pytest

from cli.progress import Lines


def step(name: str, state: str, reason: str | None, detail: str | None) -> dict[str, Any]:
    at = None if state == "pending" else "2026-11-30T10:00:00.000Z"
    return {
        "name": name,
        "title": name,
        "state": state,
        "startedAt": at,
        "finishedAt": at if state == "done" else None,
        "reason": reason,
        "params": {},
        "detail": detail,
    }


def operation(*steps: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"id": "o1"},
        "spec": {"operation": "change", "store": "acme"},
        "status": {"steps": list(steps)},
    }


def test_steps_are_told_as_they_end_and_what_was_not_needed_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pending = step("route", "pending", None, None)
    with Lines() as told:
        told(operation(pending, step("configure", "running", None, None)))
        told(operation(pending, step("configure", "done", "Configured", "3 settings changed.")))
        told(
            operation(
                step("route", "done", "AsWanted", "It was as wanted already."),
                step("configure", "done", "Configured", "3 settings changed."),
            )
        )
    heading, *lines = capsys.readouterr().err.splitlines()
    assert heading == "Changing acme (o1)"
    assert len(lines) == 1
    assert "Setting currency, payment and shipping" in lines[0]
