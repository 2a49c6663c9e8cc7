"""What is wrong with a field is said in the language of whoever asked."""

import re
from pathlib import Path
from typing import Any

import pytest

import controller
from controller.domain.errors.base import InvalidInputError, Message
from controller.i18n import translator
from tests.planes import Plane

WRONG = [
    {"name": "acme", "country": "DE", "sites": 5, "unknown": 1},
    {"name": "acme", "country": "DE", "payments": ["gold"], "timezone": "Moon/Base"},
]


@pytest.mark.parametrize("language", ["de", "es", "ar"])
@pytest.mark.parametrize("body", WRONG, ids=["its form", "what it says"])
def test_fields_are_told_in_the_readers_language(
    plane: Plane, language: str, body: dict[str, Any]
) -> None:
    def told(said: str) -> dict[str, str]:
        answer = plane.post("stores", body, headers={"Accept-Language": said}).json()
        return {item["field"]: item["message"] for item in answer["errors"]}

    english, theirs = told("en"), told(language)
    assert english.keys() == theirs.keys()
    assert len(english) == 2
    assert not {*english.values()} & {*theirs.values()}


def test_a_message_without_a_translation_is_said_as_it_is() -> None:
    error = InvalidInputError((("a", "as it is"), ("b", Message("at most %(most)d", most=7))))
    found = error.explained(translator("de").gettext)
    assert found == [("a", "as it is"), ("b", "höchstens 7")]


def test_no_check_says_anything_that_is_not_marked_for_translation() -> None:
    source = (Path(controller.__file__).parent / "commerce" / "checks.py").read_text()
    assert not re.findall(r'self\.say\([^,()]+, f?"', source)
