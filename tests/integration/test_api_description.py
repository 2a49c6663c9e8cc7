"""The API keeps to its own description, whatever is generated from it."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core import NOT_SET
from schemathesis.generation import GenerationMode

from controller.api import routers
from controller.registry.session import Database
from tests import factories
from tests.planes import Plane, plane_over

EXAMPLES = 15


def description() -> dict[str, Any]:
    """The description of all routes, made without a control plane."""
    app = FastAPI(title="-", version="-")
    routers.mount(app)
    return app.openapi()


OPERATIONS = {
    item.ok().label: item.ok()
    for item in schemathesis.openapi.from_dict(description()).get_all_operations()
}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    directory, copy = tmp_path_factory.mktemp("template"), tmp_path_factory.mktemp("copy")
    url = factories.sqlite_copy(factories.sqlite_template(directory), copy)
    with closing(Database(url)) as database, plane_over(database, copy) as found:
        found.make()
        found.make("closed")
        found.post("stores/closed/retire")
        found.settle()
        found.post("clusters", {"name": "north", "domain": "n.example.com", "inCluster": True})
        yield found
        found.check()


def test_the_app_is_described_whole(plane: Plane) -> None:
    paths = plane.app.openapi()["paths"]
    assert paths == description()["paths"]
    labels = {f"{method.upper()} {path}" for path in paths for method in paths[path]}
    assert labels == set(OPERATIONS)


def test_every_error_is_described_with_its_form(plane: Plane) -> None:
    for path, methods in plane.app.openapi()["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            assert {"400", "422", "503"} <= set(answers), (method, path)
            for status, answer in answers.items():
                if status[0] in "45":
                    schema = answer["content"]["application/problem+json"]["schema"]
                    assert "code" in schema["required"]


def there(plane: Plane, parameter: str) -> list[str]:
    """Things that a path can name."""
    operation = plane.get("operations").json()["items"][0]["metadata"]
    return {
        "name": ["acme", "closed"],
        "operation_id": [operation["id"]],
        "uid": [operation["tenant"]],
        "number": ["000000001"],
        "shipment": ["1"],
        "secret": ["stripe.secretKey", "ups.password"],
        "code": ["DE", "py"],
        "cluster": ["north"],
        "rollout_id": ["01jd8v00000000000000000000"],
    }[parameter]


def as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def takes_something(label: str) -> bool:
    return bool({"parameters", "requestBody"} & set(OPERATIONS[label].definition.raw))


WAYS = [
    pytest.param(label, mode, id=f"{label} {mode.value}")
    for label in sorted(OPERATIONS)
    for mode in GenerationMode
    # What takes nothing cannot be called wrongly.
    if mode is GenerationMode.POSITIVE or takes_something(label)
]


@pytest.mark.parametrize(("label", "mode"), WAYS)
def test_answers_are_as_described(plane: Plane, label: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[label]
    described = operation.definition.raw["responses"]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans(), data=st.data())
    def ask(case: Any, real: bool, data: st.DataObject) -> None:
        if real:
            for parameter in case.path_parameters or {}:
                case.path_parameters[parameter] = data.draw(
                    st.sampled_from(there(plane, parameter))
                )
        query = {as_text(name): as_text(value) for name, value in (case.query or {}).items()}
        # A log that is followed has no end.
        query.pop("follow", None)
        headers = {
            name: as_text(value).encode("latin-1", "replace")
            for name, value in (case.headers or {}).items()
            if name.isascii() and name.lower() not in {"content-length", "transfer-encoding"}
        }
        content = None
        if case.body is not NOT_SET:
            body = case.body
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = b"application/json"
        answer = plane.request(
            case.method, case.formatted_path, params=query, headers=headers, content=content
        )
        assert str(answer.status_code) in described, answer.text
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if answer.status_code >= 400:
            assert answer.status_code in {503, 507} or answer.status_code < 500, answer.text
            assert kind == "application/problem+json"
            assert answer.json()["status"] == answer.status_code
        elif answer.status_code != 204:
            assert kind in {"application/json", "text/plain", "text/event-stream"}

    ask()
