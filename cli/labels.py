"""The words of the API as a person reads them: phases, states, steps, notes."""

from collections.abc import Mapping
from typing import Any

from cli.texts import N_, _
from controller.domain import labels
from controller.domain.notes import say
from controller.domain.operations import STEP_TITLES

PHASES: Mapping[str, str] = {phase: label.term for phase, label in labels.PHASES.items()}
KINDS: Mapping[str, str] = {kind: label.term for kind, label in labels.KINDS.items()}
STATES: Mapping[str, str] = {str(state): name for state, name in labels.STATES.items()}
CLUSTER_STATES: Mapping[str, str] = {
    "active": N_("active"),
    "draining": N_("draining"),
}
ROLLOUT_STATES: Mapping[str, str] = {
    "waiting": N_("waiting"),
    "running": N_("running"),
    "done": N_("done"),
    "failed": N_("failed"),
    "skipped": N_("left out"),
    "stopped": N_("stopped"),
    "finished": N_("finished"),
}
"""Of rollouts of images, and of each store in one."""


def word(words: Mapping[str, str], value: str) -> str:
    """Return the word for a value; a value of a newer server stands for itself."""
    known = words.get(value)
    return _(known) if known else printable(value)


def step_title(step: Mapping[str, Any]) -> str:
    """Return what a step does."""
    known = STEP_TITLES.get(step["name"])
    return _(known) if known else printable(str(step.get("title") or step["name"]))


def note(item: Mapping[str, Any], text: str) -> str:
    """Return what a condition, step or event says; `text` names its English sentence."""
    reason, params = item.get("reason"), dict(item.get("params") or {})
    plain = item.get(text)
    if isinstance(step := params.get("step"), str) and step in STEP_TITLES:
        params["step"] = _(STEP_TITLES[step])
    if isinstance(kind := params.get("kind"), str) and kind in KINDS:
        params["kind"] = _(KINDS[kind])
    if not reason:
        return printable(str(plain or ""))
    try:
        said = say(reason, params, _)
    except (KeyError, TypeError, ValueError):
        said = reason
    return printable(str(plain) if said == reason and plain else said)


def printable(text: str) -> str:
    """Return a text that cannot steer the terminal: control characters become a visible sign."""
    return "".join(char if char in "\n\t" or _is_harmless(char) else "\ufffd" for char in text)


def _is_harmless(char: str) -> bool:
    code = ord(char)
    return not (code < 0x20 or 0x7F <= code < 0xA0)
