"""The languages the control plane speaks, and the catalogues that hold its texts.

Every part that shows a text to a person calls this: API, web pages, mails and the command line.
It needs the standard library alone, because the command line imports it on every start.
"""

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final, Literal

DOMAIN: Final = "messages"
CATALOGUES: Final = Path(__file__).resolve().parent.parent / "templates" / "locale"
"""A folder for each language; `make check` refuses one with a text that is not translated."""

_SOURCE: Final = "en"
LANGUAGES: Final = (
    _SOURCE,
    *sorted(path.name for path in CATALOGUES.iterdir() if path.name != _SOURCE),
)
"""The languages that there are; the first is the source and the fallback."""

# Shops speak more languages than we do, so these are all right-to-left languages of CLDR's locales.
# fmt: off
_RTL_LANGUAGES: Final = frozenset({
    "apc", "ar", "bal", "bgn", "ckb", "dv", "fa", "he", "iw", "ji", "ks", "lrc",
    "mzn", "nqo", "ps", "rhg", "sd", "sdh", "skr", "syr", "trw", "ug", "ur", "yi",
})
# fmt: on
_RTL_SCRIPTS: Final = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})

_current: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


def N_(text: str) -> str:  # noqa: N802 -- the name that gettext's tools and readers know.
    """Mark a text for the catalogue where it is defined; it is translated where it is shown."""
    return text


@cache
def translator(lang: str) -> gettext.NullTranslations:
    """Return the catalogue of one of `LANGUAGES`.

    Raises ValueError for any other language, and RuntimeError when the catalogue is not compiled.
    English needs no compiled catalogue, because its texts are the keys.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"no catalogue for language {lang!r}")
    try:
        return gettext.translation(DOMAIN, CATALOGUES, [lang], fallback=lang == LANGUAGES[0])
    except FileNotFoundError as error:
        raise RuntimeError(f"the {lang} catalogue is not compiled: run make i18n") from error


def ranked(accept_language: str) -> list[str]:
    """Return the tags of an Accept-Language header (RFC 9110, 12.5.4), most wanted first.

    Tags keep their own spelling; refused (`q=0`) and malformed entries are left out.
    """
    weighted: list[tuple[float, str]] = []
    for entry in accept_language[:1000].split(","):
        tag, *parameters = (part.strip() for part in entry.split(";"))
        quality = _quality(parameters)
        if tag and quality > 0:
            weighted.append((quality, tag))
    # The sort is stable: equal weights keep the order in which the browser sent them.
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def _quality(parameters: list[str]) -> float:
    """Return an entry's weight between 0 and 1; 0 when it does not parse."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            value = value.strip()
            digits = value.replace(".", "", 1)
            return min(float(value), 1.0) if digits.isascii() and digits.isdigit() else 0.0
    return 1.0


def negotiate(accept_language: str | None) -> str:
    """Return the one of `LANGUAGES` that an Accept-Language header wants most, else English."""
    for tag in ranked(accept_language or ""):
        lang = tag.replace("_", "-").partition("-")[0].lower()
        if lang in LANGUAGES:
            return lang
    return LANGUAGES[0]


def direction(lang: str) -> Literal["ltr", "rtl"]:
    """Return the writing direction of a language tag or CLDR locale (`ar`, `he_IL`, `pa-Arab`)."""
    language, *rest = lang.replace("-", "_").lower().split("_")
    script = rest[0] if rest and len(rest[0]) == 4 else None
    rtl = script in _RTL_SCRIPTS if script else language in _RTL_LANGUAGES
    return "rtl" if rtl else "ltr"


def current() -> str:
    """Return the language of the request or command that is running; English unless set."""
    return _current.get()


@contextmanager
def use_language(lang: str) -> Iterator[None]:
    """Make `lang`, one of `LANGUAGES`, the current language inside the `with` block."""
    translator(lang)
    token = _current.set(lang)
    try:
        yield
    finally:
        _current.reset(token)
