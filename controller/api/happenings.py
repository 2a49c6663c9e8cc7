"""Events of a store with what the place noticed where it runs, in the order of time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from controller.api.resources import event_json, list_json, note_json
from controller.domain.store import Store, iso
from controller.registry.journal import Event
from controller.services.diagnosis.explaining import Noticed
from provisioners.base import Happening


def merged_events_json(
    store: Store, own: Sequence[Event], noticed: Noticed, limit: int
) -> dict[str, Any]:
    """The last `limit` events, oldest first; `metadata.unasked` says why the place's are absent."""
    items = [*map(event_json, own), *(_noticed_json(store, one) for one in noticed.happenings)]
    items.sort(key=lambda item: item["at"])
    found = list_json("Event", items[-limit:], None)
    unasked = noticed.unasked
    found["metadata"]["unasked"] = None if unasked is None else note_json(unasked)
    return found


def _noticed_json(store: Store, one: Happening) -> dict[str, Any]:
    """It has no id: a stream cannot be resumed after it."""
    return {
        "id": None,
        "kind": "Event",
        "source": "place",
        "severity": one.severity,
        "reason": one.reason,
        "params": {},
        "store": store.spec.slug,
        "operation": None,
        "message": one.message,
        "thing": one.thing,
        "count": one.count,
        "at": iso(datetime.fromisoformat(one.at)),
    }
