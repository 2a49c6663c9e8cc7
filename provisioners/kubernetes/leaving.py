"""Pods that serve visitors and are being ended. Pure.

A Service leads nobody new to them, and a proxy that keeps its connections still asks them.
"""

from datetime import UTC, datetime

from provisioners.kubernetes.view import View

_DOORS = {"web", "page-cache"}
"""Components that visitors reach."""


def leaving(view: View, namespace: str, now: datetime | None = None) -> tuple[str, ...]:
    """Those whose time to end is not over; what a lost node never ends is not waited for."""
    moment = now or datetime.now(UTC)
    found = []
    for pod in view.of("pod", namespace):
        meta, status = pod["metadata"], pod.get("status") or {}
        until = meta.get("deletionTimestamp")
        serves = meta.get("component") in _DOORS and status.get("phase") == "Running"
        if serves and until and datetime.fromisoformat(until) > moment:
            found.append(f"pod/{meta['name']}")
    return tuple(found)
