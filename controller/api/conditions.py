"""Conditional requests (RFC 9110, 13): what a caller has seen before, and what that changes.

A store's ETag is the generation of its specification, a dot, and a digest of the whole answer: for
changes only the generation counts, for what a caller keeps the whole does.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated

from fastapi import Depends, Header

from controller.domain.errors.base import Message
from controller.domain.errors.requests import (
    AlreadyThereError,
    BadRequestError,
    HeaderUnsupportedError,
    NotThereError,
    PreconditionFailedError,
)
from controller.domain.store import Store
from controller.i18n import N_

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST = re.compile(rf"\s*(?:{_TAG.pattern}\s*(?:,\s*|$))+")
_Conditions = Annotated[str | None, Header(max_length=1000)]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the caller of a change has seen of a store."""

    generations: frozenset[int] | None = None
    """Those of If-Match; None where any will do."""
    there: bool = False
    """If-Match was sent: the store has to be there."""
    absent: bool = False
    """If-None-Match: * was sent: it must not be."""

    def check(self, name: str, store: Store | None) -> None:
        """Raise NotThereError, AlreadyThereError or PreconditionFailedError if it is not so."""
        if store is None:
            if self.there:
                raise NotThereError(store=name)
        elif self.absent:
            raise AlreadyThereError(store=name)
        elif self.generations is not None and store.generation not in self.generations:
            raise PreconditionFailedError(store=name)


async def expected(if_match: _Conditions = None, if_none_match: _Conditions = None) -> Expected:
    """The condition of a change; raises BadRequestError, HeaderUnsupportedError."""
    if if_none_match is not None and if_none_match.strip() != "*":
        raise HeaderUnsupportedError(header="If-None-Match")
    absent = if_none_match is not None
    if if_match is None:
        return Expected(absent=absent)
    if if_match.strip() == "*":
        return Expected(there=True, absent=absent)
    # Only a strong comparison may let a change through (RFC 9110, 13.1.1).
    strong = (tag for weak, tag in _tags(if_match) if not weak)
    found = frozenset(int(part) for tag in strong if (part := _generation(tag)) is not None)
    return Expected(generations=found, there=True, absent=absent)


def _generation(tag: str) -> str | None:
    part = tag.partition(".")[0]
    # Sixteen digits are more than any generation has.
    return part if part.isascii() and part.isdigit() and len(part) <= 16 else None


def _tags(text: str) -> Iterable[tuple[bool, str]]:
    """The tags of a list, each with whether it is weak; a bare number is taken for one."""
    if text.strip().isascii() and text.strip().isdigit():
        return [(False, text.strip())]
    if not _LIST.fullmatch(text):
        told = Message(N_("an ETag in quotes, several with commas between them, or *"))
        raise BadRequestError((("If-Match", told),))
    return [(bool(weak), tag) for weak, tag in _TAG.findall(text)]


def tag_of(content: bytes, beginning: str = "") -> str:
    """The ETag of an answer."""
    return f'"{beginning}{blake2b(content, digest_size=12).hexdigest()}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether a caller has this answer already; a header that cannot be read knows nothing."""
    if if_none_match.strip() == "*":
        return True
    opaque = tag.removeprefix("W/").strip('"')
    return any(known == opaque for _, known in _TAG.findall(if_none_match))


ExpectedDep = Annotated[Expected, Depends(expected)]
