"""Whoever sent something wrong reads what is wanted there, and nothing of Pydantic's."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import pytest
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from controller.api import inputs
from controller.api.inputs import Input
from controller.domain.fielderrors import field_errors

ODD: list[Any] = [
    None, 5, -1, 1.5, True, "", "x", "x" * 5_000, [], [5], [[]], ["x"] * 5_000, {}, {"x": 5},
    {"x": {}}, {"x": [{}]}, {"rows": 5}, {"rows": [5]}, [{"x": 1}], "2027-01-31", "ftp://x",
]  # fmt: skip
MODELS = [
    kind
    for kind in vars(inputs).values()
    if isinstance(kind, type) and issubclass(kind, Input) and kind is not Input
]
ITS_OWN = ("Input should", "should have", "Field required", "Extra inputs", "Value error")


def told(adapter: TypeAdapter[Any], value: Any) -> Iterator[str]:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        # What a field's own rule says is written for people.
        found = [item for item in error.errors() if item["type"] != "value_error"]
        for field, message in field_errors(found):
            yield f"{field}: {message}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_is_wrong_with_a_field_is_said_in_our_words(model: type[Input]) -> None:
    adapter = TypeAdapter(model)
    documents = [*ODD, {"unknown": 1}]
    documents += [{name.alias: value} for name in model.model_fields.values() for value in ODD]
    messages = {message for each in documents for message in told(adapter, each)}
    assert messages
    assert not [each for each in messages if any(word in each for word in ITS_OWN)]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (tuple[str, ...], 5, "a list, as [value, value]"),
        (dict[str, str], "x", "fields with their values, as {name: value}"),
        (Annotated[str, Field(max_length=3)], "long", "at most 3 characters"),
        (Annotated[tuple[str, ...], Field(max_length=1)], ["a", "b"], "at most 1 of them"),
        (Annotated[int, Field(ge=1)], 0, "1 or more"),
        (Annotated[int, Field(le=9)], 10, "9 or less"),
        (int, "9" * 5_000, "a whole number"),
        (bool, "maybe", "true or false"),
        (AwareDatetime, datetime(2027, 1, 1), "a time with its zone"),  # noqa: DTZ001
    ],
)
def test_a_message_says_what_is_wanted(kind: Any, value: Any, message: str) -> None:
    assert any(message in each for each in told(TypeAdapter(kind), value))
