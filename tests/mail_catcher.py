"""A mail server for tests: aiosmtpd, which keeps what it takes and refuses what a test says."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.services.process import free_port


class Catcher:
    """What arrived, and how a recipient is answered."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.relay_denied = False
        self.closed = False
        """Whether only those may send who said who they are."""

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name.
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.closed and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self.relay_denied:
            return "550 5.7.1 relay denied for this sender"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        self.mails.append(message_from_bytes(raw, policy=policy.default))
        return "250 taken"

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@contextmanager
def catching(*, password: str = "", **how: Any) -> Iterator[Catcher]:
    """Run one; with a password only `shop` with it may send."""
    catcher = Catcher()
    catcher.port = free_port()

    def allowed(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        known = isinstance(data, LoginPassword) and data == LoginPassword(
            b"shop", password.encode()
        )
        return AuthResult(success=known, handled=False)

    if password:
        catcher.closed = True
        how |= {"authenticator": allowed, "auth_require_tls": False}
    server = Controller(catcher, hostname="127.0.0.1", port=catcher.port, **how)
    server.start()
    try:
        yield catcher
    finally:
        server.stop()
