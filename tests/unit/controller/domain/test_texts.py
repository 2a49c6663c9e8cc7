"""Every error and every reason can be said, with the parameters that its call sites give it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import controller
from controller.domain import errors
from controller.domain.errors.base import LimitError, StoreControllerError, by_code, explain
from controller.domain.notes import REASONS, Note, say
from controller.domain.operations import STEP_TITLES, OperationKind
from controller.i18n import LANGUAGES, translator

ROOT = Path(controller.__file__).parent
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
KINDS = {
    name: kind
    for family in errors.__all__
    for name, kind in vars(getattr(errors, family)).items()
    if isinstance(kind, type) and issubclass(kind, StoreControllerError)
}
CONSTRUCTORS = {"of": 0, "met": 1, "unmet": 1}
"""Where the reason stands among the arguments of `Note.of`, `met` and `unmet`."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place in the code that names a reason or an error."""

    where: str
    name: str
    params: frozenset[str]
    whole: bool
    """Whether all parameters are written out, none passed on with `**`."""


@cache
def nodes() -> list[tuple[str, ast.Call | ast.Raise]]:
    """Every call and every raise, with the file that it stands in: each file is read once."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        where = str(path.relative_to(ROOT))
        found += [(where, n) for n in ast.walk(tree) if isinstance(n, ast.Call | ast.Raise)]
    return found


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def site(where: str, name: str, node: ast.Call) -> Site:
    names = [keyword.arg for keyword in node.keywords]
    return Site(
        where=f"{where}:{node.lineno} {name}",
        name=name,
        params=frozenset(arg for arg in names if arg is not None),
        whole=None not in names,
    )


def sites() -> Iterator[Site]:
    for where, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        if name in KINDS:
            yield site(where, name, node)
        elif name in CONSTRUCTORS and len(node.args) > CONSTRUCTORS[name]:
            found = node.args[CONSTRUCTORS[name]]
            for item in ast.walk(found):
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    yield site(where, item.value, node)


def raised_bare() -> Iterator[tuple[str, str]]:
    """Errors that are raised as a class, without any parameters."""
    for where, node in nodes():
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name | ast.Attribute):
            name = getattr(node.exc, "id", getattr(node.exc, "attr", ""))
            if name in KINDS:
                yield f"{where}:{node.lineno} {name}", name


SITES = [found for found in sites() if found.name in KINDS or found.name in REASONS]


def wanted(name: str) -> set[str]:
    """What the sentences of an error or a reason need."""
    if name in REASONS:
        return set(PLACEHOLDER.findall(REASONS[name]))
    kind = KINDS[name]
    own = {"retry_after"} if issubclass(kind, LimitError) else set()
    return set(PLACEHOLDER.findall(kind.cause + kind.action)) - own


def test_the_call_sites_are_found() -> None:
    assert len(SITES) > 60
    assert {"Routed", "BoundWebsite", "NameTakenError", "CannotSellError"} <= {
        found.name for found in SITES
    }


@pytest.mark.parametrize("found", SITES, ids=lambda found: found.where)
def test_a_call_site_gives_what_the_sentence_needs(found: Site) -> None:
    if found.whole:
        assert wanted(found.name) <= found.params


@pytest.mark.parametrize(("where", "name"), list(raised_bare()))
def test_an_error_raised_bare_needs_nothing(where: str, name: str) -> None:
    assert wanted(name) == set()


def test_every_reason_in_the_code_has_its_sentence() -> None:
    known = set(REASONS) | {name.removesuffix("Error") for name in KINDS} | set(by_code())
    unknown = [
        found.where
        for found in sites()
        if found.name not in KINDS and found.name not in known and found.name.isidentifier()
    ]
    assert unknown == []
    for kind in OperationKind:
        reason = "StoreAccepted" if kind is OperationKind.CREATE else f"{kind.title()}Accepted"
        assert reason in REASONS


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_said_in_every_language(reason: str, lang: str) -> None:
    params: dict[str, Any] = {name: f"<{name}>" for name in wanted(reason)}
    said = say(reason, params, translator(lang).gettext)
    assert "%(" not in said
    assert all(value in said for value in params.values())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", KINDS)
def test_every_error_is_explained_in_every_language(name: str, lang: str) -> None:
    kind = KINDS[name]
    params = {found: f"<{found}>" for found in wanted(name)}
    error = kind(**params)
    found = explain(kind.code, error.params, translator(lang).gettext)
    both = found.message + found.action
    assert found.code == kind.code
    assert found.message
    assert found.action
    assert "%(" not in both
    assert all(value in both for value in params.values())
    # What a step met is said by the same sentence.
    assert say(error.reason, error.params, translator(lang).gettext) == found.message
    assert str(error) == kind.cause % error.params
    note = Note(reason=kind.code, params=error.params)
    assert Note.of_code(note) == Note.of_error(error)


def test_codes_are_unique_and_statuses_are_errors() -> None:
    codes = [kind.code for kind in KINDS.values()]
    assert sorted(set(codes)) == sorted(codes)
    for kind in KINDS.values():
        assert 400 <= kind.status < 600
        assert kind.exit_code in range(1, 13)
        assert by_code()[kind.code] is kind


def test_what_is_unknown_is_said_without_breaking() -> None:
    assert say("Unheard", {}, str) == "Unheard"
    found = explain("unheard_of", {}, str)
    assert (found.code, found.message) == ("unheard_of", StoreControllerError.cause)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_steps_have_titles_in_every_language(lang: str) -> None:
    for title in STEP_TITLES.values():
        assert translator(lang).gettext(title).strip()
