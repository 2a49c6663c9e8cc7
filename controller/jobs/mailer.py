"""Hands posted mails to an SMTP server; without one they are shown at /outbox."""

import smtplib
import ssl
from email.message import EmailMessage

from controller.logging import log
from controller.metrics import MAILS
from controller.registry.mails import Mail, Mails
from controller.settings import SmtpSettings

_RETRIES = 12


class Mailer:
    """Sends what is due."""

    def __init__(self, mails: Mails, smtp: SmtpSettings) -> None:
        self._mails = mails
        self._smtp = smtp

    def send_due(self) -> None:
        """Send a batch; one that fails is tried again with growing pauses, for about two days."""
        for mail in self._mails.claim():
            try:
                self._send(mail)
            except (OSError, smtplib.SMTPException) as error:
                MAILS.labels(outcome="failed").inc()
                log.warning("mail_failed", mail=mail.uid, error=type(error).__name__)
                again = min(30.0 * 2**mail.attempts, 6 * 3600) if mail.attempts < _RETRIES else None
                self._mails.put_off(mail.uid, again)
            else:
                MAILS.labels(outcome="sent").inc()
                self._mails.sent(mail.uid)

    def _send(self, mail: Mail) -> None:
        message = EmailMessage()
        message["From"] = self._smtp.sender
        message["To"] = mail.recipient
        message["Subject"] = mail.subject
        message["Content-Language"] = mail.language
        # The same on every attempt: a mail that arrived twice is recognised as one.
        message["Message-ID"] = f"<{mail.uid}@{self._smtp.sender.rpartition('@')[2]}>"
        message.set_content(mail.body)
        with smtplib.SMTP(self._smtp.host, self._smtp.port, timeout=15) as server:
            if self._smtp.starttls:
                server.starttls(context=ssl.create_default_context())
            if self._smtp.username:
                server.login(self._smtp.username, self._smtp.password.get_secret_value())
            server.send_message(message)
