"""How the pods of a job ended: which container, with what status, in which last words.

Pure; `causes` calls it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisioners.kubernetes.view import Json, View


@dataclass(frozen=True, kw_only=True)
class End:
    """One container that ended in a failure."""

    at: str
    """RFC 3339; empty where nobody says it."""
    pod: str
    container: str
    state: Json
    """As Kubernetes tells it: exitCode, reason, message."""


def ends(view: View, namespace: str, job: str) -> list[End]:
    """Every failure of a job that its pods still tell of, the last one last."""
    found = []
    for pod in view.of("pod", namespace):
        status = pod["status"]
        if ("Job", job) not in pod["metadata"]["owners"] or status.get("phase") != "Failed":
            continue
        for container in (
            *status.get("initContainerStatuses", ()),
            *status.get("containerStatuses", ()),
        ):
            state = container.get("state", {}).get("terminated") or {}
            if state.get("exitCode"):
                at, name = state.get("finishedAt") or "", pod["metadata"]["name"]
                found.append(End(at=at, pod=name, container=container["name"], state=state))
    return sorted(found, key=lambda end: end.at)


def told(found: Sequence[End], verdict: str) -> str:
    """The last failure in words; `verdict` is what the job does about it."""
    last = found[-1]
    place = f"pod/{last.pod}, container {last.container}"
    words = f"{place}: ended with {last.state['exitCode']}"
    if last.state.get("reason") == "OOMKilled":
        words += " (out of memory)"
    again = f", {len(found)} times" if len(found) > 1 else ""
    return with_last_lines(f"{words}{again}; {verdict}", last.state)


def with_last_lines(words: str, ended: Json) -> str:
    """Words about an end, with what the container said last where that is known."""
    said = str(ended.get("message") or "").strip()
    return f"{words}: {said}" if said else words
