"""The shop's mails: handed to the SMTP server of its settings, as Magento's `system/smtp` has them.

There is no mail program here, so that nothing leaves as long as no server is set. Confirmations go
out beside the requests: a server that takes its time holds no shopper up.
"""

# ruff: noqa: PLC0415 - what is not needed to start is imported where it is used.

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox import orders, vault

if TYPE_CHECKING:
    import smtplib
    from email.message import EmailMessage

    from sandbox.carts import Cart
    from sandbox.config import Settings
    from sandbox.shop import Shop
    from sandbox.topology import View

SECONDS = 8.0
PROBE = "storectl-probe@example.com"
"""The control plane's own shopper, whose mails nobody reads."""


class NotSentError(Exception):
    """A mail did not leave; the text is the server's own where it said something."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How mails leave."""

    host: str
    port: int
    encryption: str
    username: str
    password: str = field(repr=False)


def way(settings: Settings, view: View, session_key: bytes) -> Way:
    """Return how mails of a view leave; NotSentError while nothing is set up for them."""
    if settings.flag(view, "system/smtp/disable"):
        raise NotSentError("Email communications are disabled.")
    if settings.at(view, "system/smtp/transport") != "smtp":
        raise NotSentError("There is no sendmail program here.")
    signed_in = settings.at(view, "system/smtp/auth") != "none"
    stored = settings.at(view, "system/smtp/password")
    return Way(
        host=settings.at(view, "system/smtp/host"),
        port=int(settings.at(view, "system/smtp/port")),
        encryption=settings.at(view, "system/smtp/ssl"),
        username=settings.at(view, "system/smtp/username") if signed_in else "",
        password=vault.decrypt(session_key, stored) or "",
    )


def written(
    settings: Settings, view: View, recipient: str, subject: str, text: str
) -> EmailMessage:
    """Return a mail from the shop's sales address."""
    from email.message import EmailMessage
    from email.utils import formataddr, formatdate, make_msgid

    sender = settings.at(view, "trans_email/ident_sales/email") or "shop@localhost.localdomain"
    message = EmailMessage()
    name = settings.at(view, "trans_email/ident_sales/name")
    message["From"] = formataddr((name, sender))
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message.set_content(text)
    return message


def deliver(out: Way, message: EmailMessage) -> None:
    """Hand a mail to the server; NotSentError with its words when it does not take it."""
    import smtplib
    import ssl

    try:
        with _connected(out) as server:
            if out.encryption == "tls":
                server.starttls(context=ssl.create_default_context())
            if out.username:
                server.login(out.username, out.password)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        answers = [_said(*answer) for answer in error.recipients.values()]
        raise NotSentError("; ".join(answers)) from error
    except smtplib.SMTPResponseException as error:
        raise NotSentError(_said(error.smtp_code, error.smtp_error)) from error
    except (OSError, smtplib.SMTPException) as error:
        place = f"{out.host}:{out.port}"
        raise NotSentError(f"{place}: {error or type(error).__name__}") from error


def _connected(out: Way) -> smtplib.SMTP:
    import smtplib
    import ssl

    if out.encryption == "ssl":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(out.host, out.port, timeout=SECONDS, context=context)
    return smtplib.SMTP(out.host, out.port, timeout=SECONDS)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {text}".strip()


def confirm(shop: Shop, cart: Cart, order_id: int) -> None:
    """Tell a shopper that an order was placed, where mails leave at all."""
    settings, view = cart.settings, cart.view
    order = orders.find(cart.db, order_id)
    if order["email"].lower() == PROBE:
        return
    try:
        out = way(settings, view, shop.session_key)
    except NotSentError:
        return
    from sandbox.texts import N_, Texts

    texts = Texts(settings.at(view, "general/locale/code"))
    number, name = order["increment_id"], settings.at(view, "general/store_information/name")
    total = texts.price(orders.amount(order, "grand_total"), order["currency"])
    subject = texts.say(N_("Your order %(number)s at %(shop)s"), number=number, shop=name)
    text = texts.say(
        N_("Thank you for your order %(number)s. It comes to %(total)s."),
        number=number,
        total=total,
    )
    message = written(settings, view, order["email"], subject, text)
    threading.Thread(target=_quietly, args=(out, message), daemon=True).start()


def _quietly(out: Way, message: EmailMessage) -> None:
    import sys

    try:
        deliver(out, message)
    except NotSentError as error:
        sys.stderr.write(f"mail not sent: {error}\n")
