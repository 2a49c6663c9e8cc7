"""The words of the API as a person reads them: phases, states, steps, notes."""

from collections.abc import Mapping
from typing import Any

from cli.texts import N_, _
from controller.domain.notes import say
from controller.domain.operations import STEP_TITLES

PHASES: Mapping[str, str] = {
    "Pending": N_("Pending"),
    "Provisioning": N_("Provisioning"),
    "Ready": N_("Ready"),
    "Changing": N_("Changing"),
    "Degraded": N_("Degraded"),
    "Suspending": N_("Suspending"),
    "Suspended": N_("Suspended"),
    "Retiring": N_("Retiring"),
    "Retired": N_("Retired"),
    "Purging": N_("Purging"),
    "Purged": N_("Purged"),
    "Failed": N_("Failed"),
}
KINDS: Mapping[str, str] = {
    "create": N_("create"),
    "change": N_("change"),
    "push": N_("push"),
    "scale": N_("scale"),
    "image": N_("image"),
    "backup": N_("backup"),
    "restore": N_("restore"),
    "suspend": N_("suspend"),
    "resume": N_("resume"),
    "retire": N_("retire"),
    "undelete": N_("undelete"),
    "purge": N_("purge"),
}
STATES: Mapping[str, str] = {
    "pending": N_("waiting its turn"),
    "running": N_("running"),
    "succeeded": N_("succeeded"),
    "failed": N_("failed"),
    "superseded": N_("given up"),
}
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
CONDITIONS: Mapping[str, str] = {
    "Bound": N_("Website"),
    "Routed": N_("Address"),
    "Configured": N_("Settings"),
    "Selling": N_("Taking orders"),
    "Mailing": N_("Sending mails"),
    "InfrastructureReady": N_("Surroundings"),
    "SecretsApplied": N_("Access keys"),
    "Released": N_("Process"),
    "Answering": N_("Answering"),
    "Steady": N_("Steady"),
    "VolumesRoomy": N_("Volumes have room"),
    "BackedUp": N_("Backups made as asked"),
    "Autoscaling": N_("Scaling by itself"),
    "Watched": N_("Looked at"),
    "Priced": N_("Exchange rates"),
    "Translated": N_("Language texts"),
    "Ready": N_("Ready"),
}


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
