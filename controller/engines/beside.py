"""What the operator's documents say beside the chart: the mail relay, and whose certificates count.

`mail` is ours alone and no chart gets it; `trust` is the chart's too: shops trust it towards
others, and the control plane towards the shops.
"""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from controller.domain.errors.base import Message
from controller.domain.mail import HOST, Encryption, Relay, usual_encryption
from controller.domain.naming import normalize_email
from controller.i18n import N_

OURS_ALONE: Final = frozenset({"mail"})
"""Keys of a document that are no values of a chart."""
PASSWORD_FILE: Final = "passwordFile"  # noqa: S105 -- a key.
_FIELDS: Final = frozenset({"host", "port", "encryption", "username", "from"})
_LONGEST = 200
Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is in force for a stack."""

    trust: str = ""
    """Certificates of authorities, PEM."""
    relay: Relay | None = None
    """None says nothing of it."""
    sealed: bool = False
    """Whether the relay's password is the cluster's, which is kept sealed."""


def beside(documents: Sequence[tuple[str, Values]]) -> Beside:
    """Of several documents the strongest one that says it, the last."""
    trust, relay, sealed = "", None, False
    for origin, said in documents:
        trust = (said.get("trust") or {}).get("certificates") or trust
        if mail := said.get("mail"):
            relay, sealed = _relay(mail), origin.startswith("cluster ")
    return Beside(trust=trust, relay=relay, sealed=sealed)


def _relay(mail: Values) -> Relay:
    port = mail.get("port") or 587
    path = mail.get(PASSWORD_FILE)
    return Relay(
        host=mail["host"],
        port=port,
        encryption=Encryption(mail.get("encryption") or usual_encryption(port)),
        username=mail.get("username") or "",
        sender=mail.get("from") or "",
        password=Path(path).read_text(encoding="utf-8").rstrip("\r\n") if path else "",
    )


def problems(values: Values, name: str, *, files: bool = False) -> Iterator[tuple[str, str]]:
    """What is wrong with a document's `mail` and `trust`; `files` may be the platform's alone."""
    if "mail" in values:
        yield from _of_mail(values["mail"], f"{name}.mail", files=files)
    trust = values.get("trust")
    said = trust.get("certificates") if isinstance(trust, Mapping) else None
    if isinstance(said, str) and said:
        try:
            context(said)
        except (ssl.SSLError, ValueError) as error:
            detail = getattr(error, "reason", None) or str(error)
            yield (
                f"{name}.trust.certificates",
                Message(N_("certificates as PEM (%(detail)s)"), detail=detail),
            )


def _of_mail(mail: object, name: str, *, files: bool) -> Iterator[tuple[str, str]]:
    allowed = _FIELDS | ({PASSWORD_FILE} if files else set())
    if not isinstance(mail, Mapping) or set(mail) - allowed:
        yield name, Message(N_("%(fields)s, and nothing else"), fields=", ".join(sorted(allowed)))
        return
    if not isinstance(mail.get("host"), str) or not HOST.fullmatch(mail["host"]):
        yield (
            f"{name}.host",
            Message(N_("the name or address of a mail server such as smtp.example.com")),
        )
    port = mail.get("port", 587)
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        yield f"{name}.port", Message(N_("%(least)d to %(most)d"), least=1, most=65_535)
    if mail.get("encryption", Encryption.NONE) not in set(Encryption):
        yield f"{name}.encryption", Message(N_("one of %(choices)s"), choices=", ".join(Encryption))
    user = mail.get("username", "")
    if not isinstance(user, str) or len(user) > _LONGEST or not user.isprintable():
        yield f"{name}.username", Message(N_("at most 200 characters, no line breaks"))
    sender = mail.get("from")
    if sender is not None and (not isinstance(sender, str) or normalize_email(sender) is None):
        yield f"{name}.from", Message(N_("an e-mail address"))
    if path := mail.get(PASSWORD_FILE):
        try:
            Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeError, TypeError) as error:
            yield f"{name}.{PASSWORD_FILE}", str(error)


def context(trust: str) -> ssl.SSLContext:
    """What trusts these authorities beside the system's; raises ssl.SSLError, ValueError.

    Reading the system's takes longer than a shop's answer: they are read again when they change.
    """
    file = ssl.get_default_verify_paths().cafile
    return _trusting(trust, file, Path(file).stat().st_mtime_ns if file else 0)


@lru_cache(maxsize=64)
def _trusting(trust: str, *_: object) -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.set_alpn_protocols(["http/1.1"])
    if trust:
        made.load_verify_locations(cadata=trust)
    return made
