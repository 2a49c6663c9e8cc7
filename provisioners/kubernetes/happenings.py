"""The events of a namespace, as Kubernetes keeps them for an hour."""

from provisioners.base import Happening
from provisioners.kubernetes.connection import Connection, Json


def happened(connection: Connection, namespace: str) -> tuple[Happening, ...]:
    """Every event of a namespace, oldest first; raises ClusterError."""
    found = [_happening(event) for event in events_of(connection, namespace)]
    return tuple(sorted(found, key=lambda item: item.at))


def events_of(connection: Connection, namespace: str) -> list[Json]:
    """Every event of a namespace as Kubernetes keeps it; raises ClusterError."""
    pages = connection.pages(f"/api/v1/namespaces/{namespace}/events")
    return [event for page in pages for event in page["items"]]


def _happening(event: Json) -> Happening:
    series = event.get("series") or {}
    about = event.get("involvedObject") or {}
    at = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"]["creationTimestamp"]
    )
    return Happening(
        at=at,
        severity=event.get("type") or "Normal",
        reason=event.get("reason") or "",
        thing=f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        message=event.get("message") or "",
        count=int(series.get("count") or event.get("count") or 1),
    )
