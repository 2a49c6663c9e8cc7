"""Answers that several routes give alike."""

from typing import Any

from fastapi.responses import Response

from controller.api.resources import dump, note_json, operation_json
from controller.registry.advancing import Accepted
from controller.services.services import Services


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON bytes as they are: nothing is validated or converted again."""
    return Response(dump(value), status, headers, media_type="application/json")


def accepted_answer(services: Services, accepted: Accepted) -> Response:
    """202 with where to follow the operation; 200 when it was so already."""
    operation = accepted.operation
    estimate = services.registry.operations.typical_seconds(operation.kind)
    warnings = [note_json(note) for note in services.stores.remarks(operation)]
    return json_answer(
        {**operation_json(operation, estimate), "warnings": warnings},
        202 if accepted.new or operation.open else 200,
        {"Location": f"/api/v1/operations/{operation.id}"},
    )
