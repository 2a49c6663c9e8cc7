"""A mail server on the outside that keeps what it is handed."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from scripts.nodekit.base import OUTSIDE

PORT = 587


class Postbox:
    """What arrived, by recipient."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, Message]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail for each of its recipients."""
        content = message_from_bytes(envelope.content or b"")
        self.mails += [(recipient, content) for recipient in envelope.rcpt_tos]
        return "250 Kept"

    def of(self, recipient: str) -> list[Message]:
        """The mails of one recipient."""
        return [mail for whose, mail in self.mails if whose == recipient]


@contextmanager
def postbox() -> Iterator[Postbox]:
    """Take mails until the context ends."""
    found = Postbox()
    controller = Controller(found, hostname=OUTSIDE, port=PORT)
    controller.start()
    try:
        yield found
    finally:
        controller.stop()
