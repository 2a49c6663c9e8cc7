"""The languages, their catalogues and what a browser asks for."""

import gettext
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel import Locale, localedata
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from controller import i18n
from controller.commerce import cldr
from controller.engines.sandbox import SandboxEngine
from controller.settings import ROOT

SOURCES = i18n.CATALOGUES


@pytest.mark.parametrize(
    ("header", "language"),
    [
        pytest.param(None, "en", id="no header"),
        pytest.param("", "en", id="empty"),
        pytest.param("de", "de", id="one"),
        pytest.param("de-AT,de;q=0.9,en;q=0.8", "de", id="territory"),
        pytest.param("DE_ch", "de", id="underscore and capitals"),
        pytest.param("en;q=0.4, ar;q=0.8", "ar", id="weight beats order"),
        pytest.param("es;q=0.5,ar;q=0.5", "es", id="equal weights keep order"),
        pytest.param("fr,ja;q=0.9,es;q=0.1", "es", id="first we speak"),
        pytest.param("de;q=0,es;q=0.2", "es", id="refused"),
        pytest.param("de;q=0", "en", id="only refused"),
        pytest.param("*", "en", id="anything"),
        pytest.param("de;q=nan,es;q=0.1", "es", id="not a number"),
        pytest.param("de;level=1;q=0.1,es;q=0.2", "es", id="other parameter"),
        pytest.param("zz-ZZ;q=,;;,=", "en", id="garbage"),
    ],
)
def test_negotiation_follows_the_header(header: str | None, language: str) -> None:
    assert i18n.negotiate(header) == language


@given(st.text())
def test_negotiation_answers_one_of_ours_for_any_header(header: str) -> None:
    assert i18n.negotiate(header) in i18n.LANGUAGES


def test_ranked_keeps_tags_as_sent() -> None:
    assert i18n.ranked("en;q=0.1, de-CH, x;q=0") == ["de-CH", "en"]


def test_direction_agrees_with_cldr_for_every_locale() -> None:
    for identifier in localedata.locale_identifiers():
        # Traditional Mongolian runs from top to bottom, which a web page shows left to right.
        expected = "rtl" if Locale.parse(identifier).text_direction == "rtl" else "ltr"
        assert i18n.direction(identifier) == expected, identifier
        assert i18n.direction(identifier.replace("_", "-")) == expected, identifier


@pytest.fixture
def catalogues(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Let the module read its catalogues in an empty folder."""
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path)
    i18n.translator.cache_clear()
    yield tmp_path
    i18n.translator.cache_clear()


def test_a_compiled_catalogue_translates_and_counts(catalogues: Path) -> None:
    with (SOURCES / "ar" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="ar")
    forms = ("لا متاجر", "متجر", "متجران", "%(count)s متاجر", "%(count)s متجرًا", "%(count)s متجر")
    catalogue.add(("%(count)s test shop", "%(count)s test shops"), forms)
    folder = catalogues / "ar" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    translate = i18n.translator("ar")
    counts = (0, 1, 2, 3, 11, 100)
    shown = [translate.ngettext("%(count)s test shop", "%(count)s test shops", n) for n in counts]
    assert tuple(shown) == forms


def test_english_needs_no_compiled_catalogue(catalogues: Path) -> None:
    assert i18n.translator("en").gettext("Some text.") == "Some text."
    with pytest.raises(RuntimeError, match="run make i18n"):
        i18n.translator("de")


def test_a_language_without_a_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="'fr'"):
        i18n.translator("fr")


def test_the_language_in_use_ends_with_its_block() -> None:
    assert i18n.current() == "en"
    with pytest.raises(ValueError, match="'tlh'"), i18n.use_language("tlh"):
        pass
    with i18n.use_language("en"):
        assert i18n.current() == "en"
    assert i18n.current() == "en"


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_each_catalogue_counts_as_cldr_does(lang: str) -> None:
    path = SOURCES / lang / "LC_MESSAGES" / f"{i18n.DOMAIN}.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=lang)
    form = gettext.c2py(catalogue.plural_expr)
    # The forms stand in CLDR's order. Spanish has one for millions, which gettext leaves out.
    order = [
        tag
        for tag in ("zero", "one", "two", "few", "many", "other")
        if tag in Locale(lang).plural_form.tags | {"other"}
    ]
    if lang == "es":
        order.remove("many")
    assert catalogue.num_plurals == len(order)
    for count in range(1000):
        assert order[form(count)] == Locale(lang).plural_form(count)


def test_importing_the_module_loads_no_library() -> None:
    program = "import sys; import controller.i18n; print('babel' in sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(i18n.__file__).parents[1],
    )
    assert shown.stdout.strip() == "False"


def test_a_language_is_a_folder_and_names_itself_as_its_speakers_do() -> None:
    assert set(i18n.LANGUAGES) == {path.name for path in SOURCES.iterdir()}
    assert i18n.LANGUAGES[0] == "en"
    names = {lang: cldr.own_name(lang) for lang in i18n.LANGUAGES}
    known = {"en": "English", "ar": "العربية", "de": "Deutsch", "es": "Español"}
    assert known.items() <= names.items()


def test_the_sandbox_shop_has_texts_in_the_languages_that_its_engine_names() -> None:
    assert SandboxEngine.languages == {path.name for path in (ROOT / "sandbox/locale").iterdir()}
