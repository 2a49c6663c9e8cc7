"""The mails that pages cause, from templates/mail: the subject is the first line."""

from controller.registry.access import CODE_LIFETIME
from controller.registry.mails import Letter
from controller.web.render import text


def code_letter(recipient: str, lang: str, code: str) -> Letter:
    """The mail that carries a one-time code."""
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    written = text("mail/code.txt", lang, code=code, minutes=minutes)
    subject, _, body = written.partition("\n")
    return Letter(
        recipient=recipient, language=lang, subject=subject.strip(), body=body.strip() + "\n"
    )
