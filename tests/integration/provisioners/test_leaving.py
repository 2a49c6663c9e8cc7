"""Which pods may still answer visitors while they are being ended."""

from datetime import UTC, datetime
from typing import Any

import pytest

from provisioners.kubernetes.leaving import leaving
from provisioners.kubernetes.view import View

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def pod(**metadata: Any) -> Any:
    labels = {"app.kubernetes.io/component": metadata.pop("component", "web")}
    return {
        "metadata": {
            "name": "acme-1",
            "namespace": "store-a",
            "uid": "1",
            "resourceVersion": "1",
            "labels": labels,
            **metadata,
        },
        "spec": {},
        "status": {"phase": "Running"},
    }


@pytest.mark.parametrize(
    ("told", "found"),
    [
        pytest.param(pod(), (), id="stays"),
        pytest.param(pod(deletionTimestamp="2026-11-30T12:00:20Z"), ("pod/acme-1",), id="goes"),
        pytest.param(pod(deletionTimestamp="2026-11-30T11:59:00Z"), (), id="never-ended"),
        pytest.param(
            pod(deletionTimestamp="2026-11-30T12:00:20Z", component="cron"), (), id="serves-nobody"
        ),
    ],
)
def test_only_what_serves_and_ends_soon_counts(told: Any, found: tuple[str, ...]) -> None:
    view = View()
    view.put("pod", told)
    assert leaving(view, "store-a", NOW) == found
