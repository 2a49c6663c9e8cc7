"""Durations and moments as people read and type them."""

from datetime import UTC, datetime

from cli.texts import _
from controller.domain.errors.inputs import InvalidDurationError
from controller.domain.spellings import duration


def parse(text: str) -> int:
    """Return the seconds of `90s`, `15m`, `1h 30m` or `2 days`.

    Raises InvalidDurationError for anything else, and for nothing at all.
    """
    seconds = duration(text)
    if seconds is None:
        raise InvalidDurationError(duration=text[:40])
    return seconds


def humanise(seconds: float) -> str:
    """Return a duration in its largest units: `12 s`, `3 min`, `2 h 05 min`, `4 d`."""
    if seconds < 100:
        return _("%(seconds)d s") % {"seconds": max(seconds, 0)}
    minutes = int(seconds // 60)
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return _("%(hours)d h %(minutes)02d min") % {
            "hours": minutes // 60,
            "minutes": minutes % 60,
        }
    return _("%(days)d d") % {"days": minutes // (24 * 60)}


def measured(seconds: float) -> str:
    """Return how long something took, finer where it was short: `40 ms`, `2.3 s`."""
    if seconds < 1:
        return _("%(milliseconds)d ms") % {"milliseconds": max(seconds, 0) * 1000}
    return _("%(seconds).1f s") % {"seconds": seconds} if seconds < 10 else humanise(seconds)


def moment(text: str | None) -> datetime | None:
    """Return the moment of an RFC 3339 text, or None when there is none."""
    return datetime.fromisoformat(text) if text else None


def age(text: str | None) -> str:
    """Return how long ago a moment was; a dash when it never was."""
    then = moment(text)
    return humanise((datetime.now(UTC) - then).total_seconds()) if then else "–"


def between(start: str | None, end: str | None) -> float | None:
    """Return the seconds from start to end, to now while it has no end; None before the start."""
    first = moment(start)
    if first is None:
        return None
    return ((moment(end) or datetime.now(UTC)) - first).total_seconds()


def local(text: str | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a moment in the time zone of this machine."""
    then = moment(text)
    return then.astimezone().strftime(form) if then else "–"
