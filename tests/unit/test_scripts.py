"""The scripts behind make: what they accept and what they refuse."""

import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from scripts import i18n, lock

PLURAL = ("%(count)d shop of %(owner)s", "%(count)d shops of %(owner)s")
OTHER = "%(count)d Läden von %(owner)s"


@pytest.mark.parametrize(
    ("original", "translated"),
    [
        ("Shops", "Läden"),
        ("The name %(slug)s is taken.", "Der Name %(slug)s ist vergeben."),
        ("%(a)s, then %(b)s", "%(b)s nach %(a)s"),
        ("100%% of %(name)s", "100 %% von %(name)s"),
        (PLURAL, ("Ein Laden von %(owner)s", OTHER)),
    ],
    ids=["plain", "placeholder", "another order", "percent sign", "plural with a spelled-out one"],
)
def test_a_complete_translation_passes(
    original: str | tuple[str, str], translated: str | tuple[str, str]
) -> None:
    assert list(i18n.faults(Message(original, translated), plural_forms=2)) == []


@pytest.mark.parametrize(
    ("original", "translated", "fault"),
    [
        ("Shops", "", "is not translated"),
        ("The name %(slug)s is taken.", "Der Name %(name)s.", "has other placeholders"),
        ("The name %(slug)s is taken.", "Der Name ist vergeben.", "has other placeholders"),
        ("Shops", "Läden von %(owner)s", "has other placeholders"),
        ("%(part)s of it", "%(part)s, 100 % von allem", "cannot be filled in"),
        (PLURAL, ("Ein Laden von %(owner)s", ""), "is not translated"),
        (PLURAL, (OTHER,), "is not translated"),
        (PLURAL, ("Ein Laden von %(nobody)s", OTHER), "has other placeholders"),
    ],
    ids=[
        "empty",
        "renamed",
        "left out",
        "added",
        "a lone percent sign",
        "a plural form is empty",
        "a plural form is missing",
        "a plural form renames",
    ],
)
def test_an_incomplete_translation_is_refused(
    original: str | tuple[str, str], translated: str | tuple[str, ...], fault: str
) -> None:
    (found,) = i18n.faults(Message(original, translated), plural_forms=2)
    assert found.startswith(fault)


def test_a_fuzzy_translation_is_refused() -> None:
    message = Message("Shops", "Läden", flags=["fuzzy"])
    assert list(i18n.faults(message, plural_forms=2)) == ["is fuzzy"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example",
        "--find-links /opt/wheels",
        "tool @ https://x.example",
    ],
)
def test_a_lock_names_no_place_to_get_packages_from(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lock.marker(*lock.LOCKS["requirements.lock"])
    shutil.copy(lock.ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "requirements.lock").write_text(f"{first}\n{line}\n")
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    (problem,) = lock.problems("requirements.lock")
    assert line in problem
