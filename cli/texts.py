"""The language of the command line, chosen once per process; every module takes `_` from here."""

import gettext
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from controller.i18n import CATALOGUES, DOMAIN, LANGUAGES, N_, translator

__all__ = ["N_", "_", "language", "start", "untranslated"]

# What Typer's parser itself shows; it asks gettext's default domain, which `start` points at ours.
PARSER_TEXTS = (
    N_("Options"),
    N_("Arguments"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
)


def chosen(environ: Mapping[str, str]) -> str:
    """Return the language that the environment asks for: the first variable that is set decides."""
    for variable in ("STORECTL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if wanted := environ.get(variable):
            code = wanted.replace("-", "_").partition("_")[0].partition(".")[0].lower()
            return code if code in LANGUAGES else LANGUAGES[0]
    return LANGUAGES[0]


@cache
def _catalogue() -> gettext.NullTranslations:
    try:
        return translator(chosen(os.environ))
    except RuntimeError as error:
        # `storectl doctor` must still run when what it would find is a missing catalogue.
        print(f"storectl: {error}", file=sys.stderr)  # noqa: T201
        return translator(LANGUAGES[0])


def start() -> None:
    """Let the texts of the parser come from our catalogue too."""
    os.environ["LANGUAGE"] = chosen(os.environ)
    gettext.bindtextdomain(DOMAIN, str(CATALOGUES))


def language() -> str:
    """Return the language that texts are shown in."""
    return chosen(os.environ)


def _(text: str) -> str:
    """Translate a text into the language of this process."""
    return text if _untranslated else _catalogue().gettext(text)


_untranslated: list[bool] = []


@contextmanager
def untranslated() -> Iterator[None]:
    """Leave texts as they are inside the `with` block, for what a program reads."""
    _untranslated.append(True)
    try:
        yield
    finally:
        _untranslated.pop()
