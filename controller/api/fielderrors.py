"""What is wrong with each field of what was sent, in words that need no knowledge of Pydantic."""

from collections.abc import Iterable, Mapping
from typing import Any

_OBJECT = "fields with their values, as {name: value}"
_LIST = "a list, as [value, value]"
_WHOLE = "a whole number"
_SWITCH = "true or false"
_WORDS = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_type": "a text",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "url_parsing": "an address such as https://shop.example.com",
    "url_type": "an address such as https://shop.example.com",
    "url_scheme": "an address that begins with {expected_schemes}",
    "url_too_long": "an address of at most {max_length} characters",
    "datetime_from_date_parsing": "a time with its zone, such as 2027-01-31T12:00:00Z",
    "datetime_parsing": "a time with its zone, such as 2027-01-31T12:00:00Z",
    "timezone_aware": "a time with its zone, such as 2027-01-31T12:00:00Z",
}
"""By Pydantic's types of errors; the values of `ctx` stand in braces."""
_MOST = 50
_LONGEST_NAME = 80


def field_errors(errors: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Pydantic's findings as (field, message), without what was sent."""
    return tuple(
        (
            ".".join(str(part)[:_LONGEST_NAME] for part in error["loc"] if part != "body")
            or "body",
            _told(error),
        )
        for error in [*errors][:_MOST]
    )


def _told(error: Mapping[str, Any]) -> str:
    words = _WORDS.get(error["type"])
    if words is None:
        return str(error["msg"]).removeprefix("Value error, ")
    return words if words == _OBJECT else words.format_map(error.get("ctx") or {})
