"""What is wrong with each field of what was sent, in words that need no knowledge of Pydantic."""

from collections.abc import Iterable, Mapping
from typing import Any

from controller.domain.errors.base import Message
from controller.i18n import N_

_OBJECT = N_("fields with their values, as {name: value}")
_LIST = N_("a list, as [value, value]")
_WHOLE = N_("a whole number")
_SWITCH = N_("true or false")
_WORDS = {
    "missing": N_("it is missing"),
    "extra_forbidden": N_("there is no such field"),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_type": N_("a text"),
    "string_too_short": N_("at least %(min_length)s characters"),
    "string_too_long": N_("at most %(max_length)s characters"),
    "string_pattern_mismatch": N_("a text of the form %(pattern)s"),
    "too_short": N_("at least %(min_length)s of them"),
    "too_long": N_("at most %(max_length)s of them"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "greater_than_equal": N_("%(ge)s or more"),
    "less_than_equal": N_("%(le)s or less"),
    "greater_than": N_("more than %(gt)s"),
    "less_than": N_("less than %(lt)s"),
    "literal_error": N_("one of %(expected)s"),
    "enum": N_("one of %(expected)s"),
    "url_parsing": N_("an address such as https://shop.example.com"),
    "url_type": N_("an address such as https://shop.example.com"),
    "url_scheme": N_("an address that begins with %(expected_schemes)s"),
    "url_too_long": N_("an address of at most %(max_length)s characters"),
    "datetime_from_date_parsing": N_("a time with its zone, such as 2027-01-31T12:00:00Z"),
    "datetime_parsing": N_("a time with its zone, such as 2027-01-31T12:00:00Z"),
    "timezone_aware": N_("a time with its zone, such as 2027-01-31T12:00:00Z"),
}
"""By Pydantic's types of errors; the values of `ctx` fill them."""
_MOST = 50
_LONGEST_NAME = 80


def field_errors(errors: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Pydantic's findings as (field, message), without what was sent."""
    return tuple(
        (
            ".".join(str(part)[:_LONGEST_NAME] for part in error["loc"] if part != "body")
            or "body",
            told(error),
        )
        for error in [*errors][:_MOST]
    )


def told(error: Mapping[str, Any]) -> Message:
    """One of Pydantic's findings."""
    words = _WORDS.get(error["type"])
    if words is None:
        # A rule of a field's own, which is marked for translation where it stands.
        return Message(str(error["msg"]).removeprefix("Value error, "))
    return Message(words, **(error.get("ctx") or {}))
