"""How people spell numbers, durations, telephone numbers and codes: one place, at every door.

Forms, API and command line read what somebody typed with these. Each returns the one form that we
keep, or None for what is not clear: nothing is guessed.
"""

import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

_LONGEST: Final = 60
_MARKS: Final = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2069")
)
_SIGNS: Final = str.maketrans("‐‑‒–—−٫٬’", "------.''")
_NUMBER: Final = re.compile(r"([+-]?)([0-9][0-9.,' ]*|[.,][0-9]+)")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?P<sign>[.,' ])[0-9]{3}(?:(?P=sign)[0-9]{3})*")
_PART: Final = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,3})?)\s*([^\W\d_]+)", re.UNICODE)
_ISO: Final = re.compile(
    r"P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?", re.ASCII
)
_PHONE: Final = re.compile(r"(\+?[0-9(][0-9 ()/.-]{1,38}[0-9])")
_EXTENSION: Final = re.compile(
    r"[\s,;]*(?:;ext=|ext(?:ension|n)?\b\.?|x|#|durchwahl|dw|anexo|interno?|int\.|poste|تحويلة|داخلي)"
    r"\s*[.:]?\s*([0-9]{1,8})$"
)


def _units(seconds: int, words: str) -> dict[str, int]:
    return dict.fromkeys(words.split(), seconds)


_SECONDS: Final = {
    **_units(1, "s sec secs second seconds sek sekunde sekunden segundo segundos ثانية ثوان ثواني"),
    **_units(60, "m min mins minute minutes minuten minuto minutos دقيقة دقائق"),
    **_units(3600, "h hr hrs hour hours std stunde stunden hora horas ساعة ساعات"),
    **_units(86_400, "d day days tag tage tagen día días dia dias يوم أيام"),
    **_units(604_800, "w week weeks woche wochen semana semanas أسبوع أسابيع"),
}


def choice(text: str) -> str:
    """One of a list as our lists spell it: `Bank transfer` becomes `bank_transfer`."""
    return re.sub(r"[\s_-]+", "_", text.strip()).lower()


def plain(text: str) -> str:
    """Digits of any script as ours, dashes and spaces in one form, nothing invisible."""
    # Fractions and powers are numbers of another kind: 10² is not 102.
    found = "".join(
        char if unicodedata.category(char) == "No" else unicodedata.normalize("NFKC", char)
        for char in text[: 10 * _LONGEST].translate(_MARKS)
    ).translate(_SIGNS)
    digits = "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() and not char.isascii() else char
        for char in found
    )
    return re.sub(" +", " ", digits).strip()


def number(value: Any) -> Decimal | None:
    """A number as it is typed: `4.90`, `4,90`, `1.234,50`, `٤٫٩٠`; None for what is none.

    `1,234` could be two numbers and is none; so are `1_0`, `0x10` and `1e3`.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | Decimal):
        found = Decimal(str(value))
        return found if found.is_finite() else None
    match = _NUMBER.fullmatch(plain(str(value))) if len(str(value)) <= _LONGEST else None
    if match is None:
        return None
    whole, fraction = _halves(match[2])
    if whole is None or (fraction is not None and not fraction.isdigit()):
        return None
    return Decimal(f"{match[1]}{whole or 0}.{fraction or 0}" if fraction else f"{match[1]}{whole}")


def percentage(value: Any) -> Decimal | None:
    """A number as `number` reads it, with or without its sign: `19 %`, `8,1`."""
    return number(value.rstrip(" %٪") if isinstance(value, str) else value)


def _halves(text: str) -> tuple[str | None, str | None]:
    """What stands before and behind the decimal sign; None before it where it is not clear."""
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return _ungrouped(text), None
    sign, before, behind = text[last], text[:last], text[last + 1 :]
    if sign in before:
        # It stands twice, so that it groups.
        return _ungrouped(text), None
    if sign == "," and len(behind) == 3 and before.isdigit() and before != "0" and len(before) < 4:
        return None, None
    return _ungrouped(before) if before else "0", behind


def _ungrouped(text: str) -> str | None:
    if text.isdigit():
        return text
    return re.sub(r"[^0-9]", "", text) if _GROUPED.fullmatch(text) else None


def whole(value: Any) -> int | None:
    """A whole number."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def duration(text: str) -> int | None:
    """The seconds of `90m`, `1d 12h`, `2 hours`, `1,5 h`, `+2h` or ISO 8601's `P1DT12H`."""
    if len(text) > _LONGEST:
        return None
    compact = plain(text).removeprefix("+").strip()
    iso = _ISO.fullmatch(compact.upper())
    if iso is not None and any(iso.groups()):
        scale = (604_800, 86_400, 3600, 60, 1)
        return sum(int(part or 0) * unit for part, unit in zip(iso.groups(), scale, strict=True))
    total, place = Decimal(0), 0
    lower = compact.lower()
    for part in _PART.finditer(lower):
        unit = _SECONDS.get(part[2])
        if unit is None or lower[place : part.start()].strip(" ,"):
            return None
        total += Decimal(part[1].replace(",", ".")) * unit
        place = part.end()
    return int(total) if place and not lower[place:].strip(" .") else None


def telephone(text: str) -> str | None:
    """A telephone number with our digits, and its extension as `ext. 12`."""
    if len(text) > _LONGEST:
        return None
    found = plain(text).removeprefix("tel:").removeprefix("Tel:").strip(" .:")
    extension = ""
    if (ending := _EXTENSION.search(found.lower())) is not None:
        extension = f" ext. {ending[1]}"
        found = found[: ending.start()].rstrip()
    match = _PHONE.fullmatch(found)
    digits = sum(char.isdigit() for char in found)
    if match is None or not 3 <= digits <= 17 or found.count("(") != found.count(")"):
        return None
    return found + extension


def code(text: str) -> str:
    """A code of digits as it is typed off: `123 456`, `123-456`, `١٢٣٤٥٦`."""
    return re.sub(r"[\s.\-]", "", plain(text))
