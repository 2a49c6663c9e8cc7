"""What is known of one namespace at a moment: its objects, what was told of each, how old that is.

Pure. Times are the cluster's: where our clock is behind it, the newest time that was seen is now.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from provisioners.kubernetes.ground import Ground
from provisioners.kubernetes.view import Json, View


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event."""

    at: datetime | None
    reason: str
    message: str


class Evidence:
    """The view of one namespace, with everything that its objects were told of."""

    def __init__(
        self,
        view: View,
        namespace: str,
        *,
        now: datetime | None = None,
        events: Iterable[Json] = (),
        ground: Ground | None = None,
    ) -> None:
        """`events` are more than the watches tell, `ground` what else is known of the cluster."""
        self.view = view
        self.namespace = namespace
        self.ground = ground or Ground()
        self._told: dict[str, list[Told]] = {}
        known = {
            (item["metadata"].get("namespace"), item["metadata"]["name"]): item
            for source in (view.of("event", namespace), events)
            for item in source
        }
        for event in known.values():
            about = event.get("involvedObject") or {}
            thing = f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"
            self._told.setdefault(thing, []).append(_told(event))
        for told in self._told.values():
            told.sort(key=lambda item: item.at or datetime.min.replace(tzinfo=UTC), reverse=True)
        times = [item.at for told in self._told.values() for item in told if item.at]
        self.now = max([now or datetime.now(UTC), *times])

    def of(self, kind: str) -> list[Json]:
        """Every object of a kind."""
        return self.view.of(kind, self.namespace)

    def told(self, thing: str) -> list[Told]:
        """What was told of a thing such as `pod/web-1`, the newest first."""
        return self._told.get(thing, [])

    def told_of(self, beginning: str) -> Iterator[Told]:
        """What was told of everything whose name begins so."""
        for thing, told in self._told.items():
            if thing.startswith(beginning):
                yield from told

    def first(self, thing: str, reasons: Collection[str]) -> Told | None:
        """The newest event of one of these reasons."""
        return next((item for item in self.told(thing) if item.reason in reasons), None)

    def age(self, moment: datetime | str | None) -> float:
        """How many seconds ago; for ever where nobody says when."""
        at = moment_of(moment) if isinstance(moment, str) else moment
        return (self.now - at).total_seconds() if at else float("inf")


def moment_of(text: str | None) -> datetime | None:
    """A time as Kubernetes writes it."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _told(event: Json) -> Told:
    series = event.get("series") or {}
    at = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
    )
    return Told(
        at=moment_of(at), reason=event.get("reason") or "", message=event.get("message") or ""
    )
