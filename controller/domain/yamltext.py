"""YAML as people write it: the one reader, and the faults it can find in a text.

It reads YAML 1.2 with the JSON schema's words: `true`, `false` and `null` mean something, every
other plain word is the text that stands there, so that the country NO, the postcode 01067 and the
price 4.90 stay what they are. With `numbers=True` what JSON would call a number becomes one. JSON
is YAML, and is read too. A key that stands twice, an unknown tag, an alias into itself and what
grows beyond any use are refused with their line.
"""

import copy
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from controller.domain.errors.base import InvalidInputError
from controller.i18n import N_

LARGEST: Final = 16 * 1024 * 1024
"""Characters; `storectl list -o yaml` of some ten thousand stores fits."""
DEEPEST: Final = 64
MOST_REPEATED: Final = 50_000
"""Values that aliases may repeat in all; each is a copy, and a few lines could ask for millions."""

_PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS: Final = "tag:yaml.org,2002:"
_WORDS: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][-+]?[0-9]{1,2})?")
_LONGEST_SHOWN: Final = 80


class YamlError(InvalidInputError):
    """A text is no YAML that we read."""

    code = "yaml_invalid"
    cause = N_("Line %(line)s: %(detail)s")
    action = N_("Correct the text there.")


class YamlTwiceError(YamlError):
    """A key stands twice in one mapping."""

    code = "yaml_key_twice"
    cause = N_("Line %(line)s: “%(key)s” stands already in line %(first)s.")
    action = N_("Leave one of the two: put together what belongs below it.")


class YamlTagError(YamlError):
    """A tag that has no meaning here."""

    code = "yaml_tag"
    cause = N_("Line %(line)s: the tag “%(tag)s” has no meaning here.")
    action = N_("Write the value without it, in quotes where it is text.")


class YamlAliasError(YamlError):
    """An alias that names nothing, or what it stands in."""

    code = "yaml_alias"
    cause = N_("Line %(line)s: “*%(alias)s” names nothing that is finished before it.")
    action = N_("Mark the value with “&%(alias)s” above this line.")


class YamlMergeError(YamlError):
    """What `<<` names is no mapping."""

    code = "yaml_merge"
    cause = N_("Line %(line)s: “<<” takes a mapping, or a list of mappings.")


class YamlBoundError(YamlError):
    """The text, or what its aliases make of it, is beyond the bounds."""

    code = "yaml_bound"
    cause = N_("Line %(line)s: the file goes beyond what is read (%(bound)s: %(most)s).")
    action = N_("Split it into several files, or write out what is repeated.")


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document of a text: its value and the line that it begins in."""

    value: Any
    line: int


def load(text: str, *, numbers: bool = False) -> Any:
    """Return the value of a text of one document, None for an empty one; raises YamlError."""
    documents = load_all(text, numbers=numbers)
    if len(documents) > 1:
        raise YamlError(line=documents[1].line, detail="a second document begins here")
    return documents[0].value if documents else None


def load_all(text: str, *, numbers: bool = False) -> list[Document]:
    """Return every document of a text; raises YamlError."""
    if len(text) > LARGEST:
        raise YamlBoundError(line=1, bound="characters", most=LARGEST)
    text = _plain_escapes(text)
    try:
        return _Reader(numbers=numbers).read(yaml.parse(text, Loader=_PARSER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = ", ".join(part for part in (error.context, error.problem) if part)
        raise YamlError(line=mark.line + 1 if mark else 1, detail=told) from None
    except yaml.YAMLError as error:
        raise YamlError(line=_line_of(text, error), detail=_brief(error)) from None
    except UnicodeEncodeError:
        raise YamlError(line=1, detail="half a character (a lone surrogate)") from None


def _plain_escapes(text: str) -> str:
    r"""JSON with its pairs of escapes (`"\ud83c\udf75"`), which YAML does not have, as YAML."""
    if "\\ud" not in text.lower() or text.lstrip("\ufeff \t\r\n")[:1] not in {"{", "["}:
        return text
    pair = re.compile(
        r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    )
    return pair.sub(lambda found: found[1] + json.loads(f'"{found[2]}"'), text)


def _line_of(text: str, error: yaml.YAMLError) -> int:
    """The line of a character that no YAML may hold: the parser tells its place alone."""
    place = getattr(error, "position", None)
    return text.count("\n", 0, place) + 1 if isinstance(place, int) else 1


def _brief(error: Exception) -> str:
    return (str(error).splitlines() or ["it cannot be read"])[0][:200]


@dataclass
class _Place:
    """A list or mapping that is being read."""

    value: Any
    anchor: str | None
    line: int
    key: str | None = None
    lines: dict[str, int] = field(default_factory=dict)
    merges: list[dict[str, Any]] = field(default_factory=list)
    size: int = 1


@dataclass(frozen=True)
class _Anchored:
    value: Any
    size: int


class _Reader:
    """Builds values from the parser's events, so that nothing grows before it is checked."""

    def __init__(self, *, numbers: bool) -> None:
        self._numbers = numbers
        self._documents: list[Document] = []
        self._places: list[_Place] = []
        self._anchors: dict[str, _Anchored] = {}
        self._begun = 1
        self._repeated = 0

    def read(self, events: Iterable[yaml.Event]) -> list[Document]:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.ScalarEvent):
                self._add(self._scalar(event, line), 1, event.anchor, line)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._open(event, line)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._close()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(str(event.anchor), line)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                self._begun = line
        return self._documents

    def _open(self, event: Any, line: int) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in {None, "!", _TAGS + ("map" if mapping else "seq")}:
            raise YamlTagError(line=line, tag=_shown(event.tag))
        if len(self._places) >= DEEPEST:
            raise YamlBoundError(line=line, bound="levels", most=DEEPEST)
        if (place := self._top) is not None and isinstance(place.value, dict) and place.key is None:
            raise YamlError(line=line, detail="a key must be text")
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        self._places.append(_Place({} if mapping else [], event.anchor, line))

    def _close(self) -> None:
        place = self._places.pop()
        value = place.value
        if place.merges:
            value = {}
            # The first that is named wins, and what the mapping says itself over all.
            for merged in (*reversed(place.merges), place.value):
                value.update(merged)
        self._add(value, place.size, place.anchor, place.line)

    def _alias(self, name: str, line: int) -> None:
        known = self._anchors.get(name)
        if known is None:
            raise YamlAliasError(line=line, alias=_shown(name))
        self._repeated += known.size
        if self._repeated > MOST_REPEATED:
            raise YamlBoundError(line=line, bound="values repeated by aliases", most=MOST_REPEATED)
        self._add(copy.deepcopy(known.value), known.size, None, line)

    def _add(self, value: Any, size: int, anchor: str | None, line: int) -> None:
        if anchor:
            self._anchors[anchor] = _Anchored(value, size)
        place = self._top
        if place is None:
            self._documents.append(Document(value=value, line=self._begun))
            return
        place.size += size
        if isinstance(place.value, list):
            place.value.append(value)
        elif place.key is None:
            self._key(place, value, line)
        else:
            self._member(place, value, line)

    def _key(self, place: _Place, value: Any, line: int) -> None:
        if not isinstance(value, str):
            raise YamlError(line=line, detail="a key must be text")
        first = place.lines.setdefault(value, line)
        if value in place.value or (value == "<<" and place.merges):
            raise YamlTwiceError(line=line, key=_shown(value), first=first)
        place.key = value

    def _member(self, place: _Place, value: Any, line: int) -> None:
        key, place.key = place.key, None
        if key != "<<":
            place.value[key] = value
            return
        merged = value if isinstance(value, list) else [value]
        if not merged or not all(isinstance(item, dict) for item in merged):
            raise YamlMergeError(line=line)
        place.merges = merged

    @property
    def _top(self) -> _Place | None:
        return self._places[-1] if self._places else None

    def _scalar(self, event: Any, line: int) -> Any:
        tag, text = event.tag, event.value
        place = self._top
        if tag is None and event.implicit[0]:
            # A key is always text: the country NO, the year 2026, the label `null`.
            if place is not None and isinstance(place.value, dict) and place.key is None:
                return text
            return self._meant(text)
        if tag in {None, "!", f"{_TAGS}str"}:
            return text
        if tag in {f"{_TAGS}bool", f"{_TAGS}null"} and text in _WORDS:
            return _WORDS[text]
        if tag in {f"{_TAGS}int", f"{_TAGS}float"} and _NUMBER.fullmatch(text):
            return self._meant(text)
        raise YamlTagError(line=line, tag=_shown(tag))

    def _meant(self, text: str) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if self._numbers and _NUMBER.fullmatch(text):
            return json.loads(text)
        return text


def _shown(text: str) -> str:
    return text[:_LONGEST_SHOWN]
