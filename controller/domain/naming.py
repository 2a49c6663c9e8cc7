"""The one rule for the names of shops, their owners' mail addresses and their identifiers.

Web pages, API and command line all ask here, so a name that one of them offers is a name that the
others accept. Nothing here looks at the registry: whether a name is taken is asked there.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from itertools import chain, count, islice
from typing import Final
from zlib import crc32

from controller.domain.errors.inputs import (
    InvalidDisplayNameError,
    InvalidEmailError,
    InvalidNameError,
    NameEmptyError,
    NameHyphenError,
    NamePunycodeError,
    NameReservedError,
    NameTooLongError,
    NameTooShortError,
)

SLUG_MIN: Final = 2
SLUG_MAX: Final = 40
"""A label may have 63 characters (RFC 1123); the rest is left for what is built from a slug."""
DISPLAY_NAME_MAX: Final = 80
EMAIL_MAX: Final = 254
"""What fits in an SMTP path (RFC 5321, 4.5.3.1.3, with erratum 1690)."""


class NameProblem(StrEnum):
    """What is wrong with a slug or a display name."""

    EMPTY = "empty"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    HYPHEN_EDGE = "hyphen_edge"
    FIRST_LETTER = "first_letter"
    PUNYCODE = "punycode"
    RESERVED = "reserved"
    INVISIBLE = "invisible"


_ALPHABET: Final = re.compile(r"[a-z0-9-]+")

# fmt: off
# Host names that belong to the platform, to mail (RFC 2142), or that programs look up unasked.
RESERVED: Final = frozenset({
    "about", "abuse", "account", "accounts", "admin", "administrator", "api", "app", "apps",
    "assets", "auth", "autoconfig", "autodiscover", "backup", "billing", "blog", "broadcasthost",
    "cdn", "cluster", "console", "controller", "dashboard", "default", "dns", "docs",
    "domain", "email", "events", "ftp", "grafana", "health", "healthz", "help", "hostmaster",
    "imap", "info", "internal", "isatap", "local", "localhost", "login", "logout", "mail", "media",
    "metrics", "monitoring", "mta-sts", "mx", "no-reply", "noreply", "ns", "ns1", "ns2", "null",
    "oauth", "operator", "outbox", "pop", "pop3", "postmaster", "prometheus", "proxy", "readyz",
    "registry", "root", "security", "shop", "shops", "signup", "smtp", "sso", "ssl", "static",
    "status", "store", "store-controller", "storectl", "stores", "support", "system", "undefined",
    "webmail", "webmaster", "wpad", "ws", "www", "www1", "www2",
})
# Kubernetes keeps namespaces with this beginning for itself.
RESERVED_PREFIXES: Final = ("kube-",)

# Letters that decomposition leaves alone or would spell otherwise than their readers do.
_LATIN: Final = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "đ": "d",
    "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i", "ŋ": "n", "ə": "e",
    # A possessive stays one word: bob's is bobs.
    "'": "", "’": "",
})

# They draw nothing although Unicode counts them as letters or symbols.
_BLANKS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_JOINERS: Final = frozenset("\u200c\u200d")
# fmt: on

_LOOKALIKES: Final = str.maketrans({"0": "o", "1": "l", "i": "l"})
_RESERVED_SHAPES: Final = frozenset(word.translate(_LOOKALIKES) for word in RESERVED)


def is_reserved(slug: str) -> bool:
    """Tell whether a slug is reserved, or is a reserved word with digits for letters (`adm1n`)."""
    if slug in RESERVED or slug.startswith(RESERVED_PREFIXES):
        return True
    if "0" not in slug and "1" not in slug:
        return False
    shape = slug.translate(_LOOKALIKES)
    return shape in _RESERVED_SHAPES or shape.startswith(RESERVED_PREFIXES)


# The first rule that a text breaks is its problem, so each may rely on those before it.
_RULES: Final[tuple[tuple[NameProblem, Callable[[str], bool]], ...]] = (
    (NameProblem.EMPTY, lambda text: not text),
    (NameProblem.TOO_LONG, lambda text: len(text) > SLUG_MAX),
    (NameProblem.CHARACTERS, lambda text: not _ALPHABET.fullmatch(text)),
    (NameProblem.HYPHEN_EDGE, lambda text: text[0] == "-" or text[-1] == "-"),
    (NameProblem.FIRST_LETTER, lambda text: text[0].isdigit()),
    (NameProblem.TOO_SHORT, lambda text: len(text) < SLUG_MIN),
    # Two hyphens here announce an encoded label such as xn--… (RFC 5891, 4.2.3.1).
    (NameProblem.PUNYCODE, lambda text: text[2:4] == "--"),
    (NameProblem.RESERVED, is_reserved),
)


def problem_of(text: str) -> NameProblem | None:
    """Return what keeps `text` from being a slug, or None when it is one.

    A slug is a lower-case label of RFC 1123 that starts with a letter, as the names of Kubernetes
    services must (RFC 1035), and that is not reserved. It is judged as it stands, without trimming.
    """
    return next((problem for problem, is_broken in _RULES if is_broken(text)), None)


_ERRORS: Final[dict[NameProblem, type[InvalidNameError]]] = {
    NameProblem.EMPTY: NameEmptyError,
    NameProblem.TOO_SHORT: NameTooShortError,
    NameProblem.TOO_LONG: NameTooLongError,
    NameProblem.CHARACTERS: InvalidNameError,
    NameProblem.HYPHEN_EDGE: NameHyphenError,
    NameProblem.FIRST_LETTER: NameHyphenError,
    NameProblem.PUNYCODE: NamePunycodeError,
    NameProblem.RESERVED: NameReservedError,
}


def check_slug(text: str) -> str:
    """Return a slug unchanged, or raise the `InvalidNameError` that says what is wrong with it."""
    problem = problem_of(text)
    if problem:
        raise _ERRORS[problem](name=text[:SLUG_MAX])
    return text


def slug_from(display_name: str, email: str = "") -> str:
    """Return a valid slug for any display name; it never raises.

    Latin letters lose their accents. A name in another script gives way to the local part of
    `email`, and that to `shop-` with four letters that are always the same for the same name.
    """
    named = _latin_slug(display_name[:1000])
    mailbox = _latin_slug(email[:EMAIL_MAX].rpartition("@")[0])
    prefixed = f"my-{named}"[:SLUG_MAX].rstrip("-")
    # Behind the prefix stands a reserved word or a number; of a lone character nothing is left.
    candidates = (named, prefixed if len(named) >= SLUG_MIN else "", mailbox)
    fallback = f"shop-{_letters(display_name + email)}"
    return next((slug for slug in candidates if problem_of(slug) is None), fallback)


def _latin_slug(text: str) -> str:
    """Return the ASCII letters and digits of a text, lower case, in words joined by one hyphen."""
    lower = unicodedata.normalize("NFC", text).lower().translate(_LATIN)
    plain = unicodedata.normalize("NFKD", lower)
    spelled = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "-", spelled.lower()).strip("-")[:SLUG_MAX].rstrip("-")


def _letters(text: str) -> str:
    """Return four consonants computed from a text; without vowels they cannot spell a bad word."""
    # Lone surrogates have no UTF-8, and hashlib would load OpenSSL for these four letters.
    checksum = crc32(text.encode("utf-8", "surrogatepass"))
    return "".join("bcdfghjkmnpqrstvwxz"[checksum // 19**place % 19] for place in range(4))


def suggestions(slug: str, limit: int = 4) -> tuple[str, ...]:
    """Return up to `limit` other valid names near a slug that is taken or breaks a rule."""
    base = slug if problem_of(slug) is None else slug_from(slug)
    numbered = re.fullmatch(r"(.+?)-([2-9]|[1-9][0-9]{1,3})", base)
    stem, first = (numbered[1], int(numbered[2]) + 1) if numbered else (base, 2)
    endings = chain([first, "shop", "store", "online"], count(first + 1))
    near = (f"{stem[: SLUG_MAX - len(f'-{end}')].rstrip('-')}-{end}" for end in endings)
    # A repaired name comes first; a name that is valid as it stands is the one that is taken.
    names = (name for name in chain([base], near) if name != slug and problem_of(name) is None)
    return tuple(islice(names, limit))


def clean_display_name(text: str) -> str:
    """Return a display name as it is stored: composed (NFC) and without spaces around it."""
    return unicodedata.normalize("NFC", text).strip()


def display_name_problem(text: str) -> NameProblem | None:
    """Return what keeps a text from being a shop's display name, or None when it may be one.

    It may hold any script and any visible character, because it is data that every page escapes.
    Refused are more than 80 characters and what cannot be seen: controls, zero-width characters,
    marks that turn the direction of the text around it.
    """
    if len(text) > 10 * DISPLAY_NAME_MAX:
        return NameProblem.TOO_LONG
    name = clean_display_name(text)
    if any(_is_hidden(name, index) for index in range(len(name))):
        return NameProblem.INVISIBLE
    if len(name) > DISPLAY_NAME_MAX:
        return NameProblem.TOO_LONG
    # Spaces and combining marks alone leave nothing to read.
    return (
        None if any(unicodedata.category(char)[0] in "LNPS" for char in name) else NameProblem.EMPTY
    )


def check_display_name(text: str) -> str:
    """Return a display name as it is stored, or raise `InvalidDisplayNameError`."""
    if display_name_problem(text):
        raise InvalidDisplayNameError
    return clean_display_name(text)


def _is_hidden(name: str, index: int) -> bool:
    """Tell whether the character at `index` draws nothing, and is not a joiner in its place."""
    char = name[index]
    if char in _JOINERS:
        # Persian and the scripts of India spell with joiners and so do emoji: between letters
        # without case, marks and symbols they are ordinary writing.
        around = (name[index - 1 : index], name[index + 1 : index + 2])
        return not all(side and unicodedata.category(side) in _JOINED for side in around)
    return char in _BLANKS or unicodedata.category(char) in _HIDDEN


_JOINED: Final = frozenset({"Lo", "Mn", "Mc", "So", "Sk", "Sm"})
# Controls, formats, surrogates (which have no UTF-8), private use, line and paragraph separators.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def new_uid() -> str:
    """Return a new identifier: a ULID in lower case, 26 characters, sortable by time."""
    from ulid import ULID  # noqa: PLC0415 -- takes 50 ms; the command line never needs it.

    return str(ULID()).lower()


# Letters, marks and digits of every script, as RFC 6531 has them, and the signs of RFC 5322.
_ATOM: Final = r"[\w!#$%&'*+/=?^`{|}~\u0300-\u036f-]+"
_LOCAL_PART: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


def normalize_email(text: str) -> str | None:
    """Return a mail address in the one form we store and compare, or None when it is not one.

    The result is lower case, composed (NFC), with the domain in its IDNA form; the local part may
    be of any script. Quoted local parts, address literals and hosts without a dot are refused.
    Whether mail arrives there, the code sent to it tells.
    """
    if len(text) > 4 * EMAIL_MAX:
        return None
    local, at, domain = unicodedata.normalize("NFC", text.strip().lower()).rpartition("@")
    if not at or len(domain) > 253 or not _LOCAL_PART.fullmatch(local):
        return None
    host = _ascii_domain(domain)
    octets = len(local.encode())
    if host is None or octets > 64 or octets + 1 + len(host) > EMAIL_MAX:
        return None
    return f"{local}@{host}"


def check_email(text: str) -> str:
    """Return a mail address as it is stored, or raise `InvalidEmailError`."""
    address = normalize_email(text)
    if address is None:
        raise InvalidEmailError(email=text[:EMAIL_MAX])
    return address


def _ascii_domain(domain: str) -> str | None:
    """Return a public domain name in its IDNA form, or None when it is not one."""
    import idna  # noqa: PLC0415 -- takes 20 ms; the command line seldom needs it.

    try:
        host = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    last = host.rpartition(".")[2]
    # A last label that starts with a digit is an address or no top-level domain at all.
    return host if "." in host and len(last) > 1 and last[0].isalpha() else None
