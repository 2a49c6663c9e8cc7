"""Compile, update and check the message catalogs for `make i18n`, `i18n-update`, `i18n-check`.

A catalog is one language of one domain. English is the source language: an empty English text
means the message itself. Every other language must be complete, with the same placeholders.
"""

import contextlib
import dataclasses
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE_LANGUAGE = "en"
# A new language or feature brings hundreds of untranslated texts; the first few say enough.
SHOWN = 10
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.xml", "jinja2")]
OPTIONS = {pattern: {"silent": "false"} for pattern, method in METHODS if method == "jinja2"}
PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\)[#0\- +]*[\d.]*[a-zA-Z]|%)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Domain:
    """One program's texts: the folders they are written in and where their catalogs lie."""

    name: str
    sources: tuple[str, ...]
    locale: str

    @property
    def languages(self) -> list[str]:
        """Those that there is a folder of."""
        return sorted(path.name for path in (ROOT / self.locale).iterdir())

    def po(self, language: str) -> Path:
        """Return where the catalog of a language is kept."""
        return ROOT / self.locale / language / "LC_MESSAGES" / f"{self.name}.po"

    def read(self, language: str) -> Catalog:
        """Return the catalog of a language; empty when there is none yet."""
        path = self.po(language)
        if not path.exists():
            return Catalog(locale=language, domain=self.name)
        with path.open("rb") as file:
            return read_po(file, locale=language, domain=self.name, abort_invalid=True)


DOMAINS = (
    Domain(
        name="messages",
        sources=("controller", "cli", "provisioners", "templates"),
        locale="templates/locale",
    ),
    Domain(name="sandbox", sources=("sandbox",), locale="sandbox/locale"),
)


def extract(domain: Domain) -> Catalog:
    """Return every text the sources of a domain mark for translation."""
    template = Catalog(domain=domain.name)
    for source in domain.sources:
        found = extract_from_dir(ROOT / source, METHODS, OPTIONS, KEYWORDS, strip_comment_tags=True)
        for filename, line, message, comments, context in found:
            where = [(f"{source}/{filename}", line)]
            template.add(message, None, where, auto_comments=comments, context=context)
    return template


def key(message: Message) -> tuple[str | None, str]:
    """Return what tells one message of a catalog from another."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def messages(catalog: Catalog) -> Iterator[Message]:
    """Yield the messages of a catalog without its header."""
    return (message for message in catalog if message.id)


def texts(value: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """Return all forms of a text, one for a text without plural."""
    return [value or ""] if isinstance(value, str) or value is None else list(value)


def placeholders(text: str) -> set[str]:
    """Return the placeholders of a text as they are written."""
    return {found.group() for found in PLACEHOLDER.finditer(text)} - {"%%"}


def faults(message: Message, plural_forms: int) -> Iterator[str]:
    """Yield what is wrong with one translation."""
    originals, translated = texts(message.id), texts(message.string)
    if message.fuzzy:
        yield "is fuzzy"
    if not all(translated) or len(translated) != (plural_forms if len(originals) > 1 else 1):
        yield "is not translated"
        return
    wanted = placeholders(originals[-1])
    # A form for "one" or "two" may spell its number out; the last one is for all other numbers.
    if placeholders(translated[-1]) != wanted or any(placeholders(t) - wanted for t in translated):
        yield f"has other placeholders than {', '.join(sorted(wanted)) or 'none'}"
    elif wanted:
        yield from broken(translated, wanted)


def broken(translated: list[str], wanted: set[str]) -> Iterator[str]:
    """Yield a fault for each form that percent formatting refuses."""
    names = {found.group("name"): 1 for text in wanted for found in PLACEHOLDER.finditer(text)}
    for text in translated:
        try:
            _ = text % names
        except (ValueError, TypeError, KeyError) as error:
            yield f"cannot be filled in: {error}"


def check(domain: Domain) -> Iterator[str]:
    """Yield the faults of a domain's catalogs, each with the file it is in."""
    wanted = {key(message) for message in messages(extract(domain))}
    if not wanted:
        return
    for language in domain.languages:
        path = domain.po(language).relative_to(ROOT)
        found = list(check_language(domain, language, wanted))
        yield from (f"{path}: {fault}" for fault in found[:SHOWN])
        if len(found) > SHOWN:
            yield f"{path}: and {len(found) - SHOWN} more"


def check_language(
    domain: Domain, language: str, wanted: set[tuple[str | None, str]]
) -> Iterator[str]:
    """Yield the faults of one catalog, given the keys of the texts it should have."""
    catalog = domain.read(language)
    present = {key(message): message for message in messages(catalog)}
    for kind, keys in (("new", wanted - set(present)), ("unused", set(present) - wanted)):
        if keys:
            first = min(text for _, text in keys)
            yield f"{len(keys)} {kind} texts such as {first!r}: run make i18n-update"
    for message in present.values():
        if language == SOURCE_LANGUAGE and not any(texts(message.string)) and not message.fuzzy:
            continue
        for fault in faults(message, catalog.num_plurals):
            yield f"{key(message)[1]!r} {fault}"


def revive(catalog: Catalog) -> None:
    """Put unused texts back, so that an update keeps the translation of one that returned."""
    for message in list(catalog.obsolete.values()):
        if message.id and key(message)[1] not in catalog:
            catalog[message.id] = message
    catalog.obsolete.clear()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file beside its place and move it there, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        yield file
    beside.replace(path)


def update(domain: Domain) -> None:
    """Bring a domain's catalogs up to date with its sources; new texts come in untranslated."""
    template = extract(domain)
    if not len(template):
        return
    for language in domain.languages:
        catalog, path = domain.read(language), domain.po(language)
        catalog.project, catalog.version = "store-controller", "1"
        catalog.msgid_bugs_address, catalog.last_translator = "", "Store Controller"
        revive(catalog)
        # A guess from a similar text would only have to be taken back: the check refuses it.
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        with replacing(path) as file:
            # Without dates and line numbers a catalog changes only when a text does.
            write_po(file, catalog, width=100, sort_output=True, include_lineno=False)
        empty = sum(not all(texts(message.string)) for message in messages(catalog))
        note = "" if language == SOURCE_LANGUAGE else f", {empty} to translate"
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(catalog)} texts{note}\n")


def compile_stale(domain: Domain) -> None:
    """Compile the catalogs that are newer than their compiled form."""
    for po in sorted((ROOT / domain.locale).glob(f"*/LC_MESSAGES/{domain.name}.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with replacing(mo) as file:
            write_mo(file, domain.read(po.parent.parent.name))


def main(action: str) -> None:
    """Run one action over all domains."""
    present = [domain for domain in DOMAINS if any((ROOT / s).is_dir() for s in domain.sources)]
    if action == "check":
        found = [fault for domain in present for fault in check(domain)]
        sys.exit("\n".join(found) or None)
    for domain in present:
        {"compile": compile_stale, "update": update}[action](domain)


if __name__ == "__main__":
    main(sys.argv[1])
