"""How a store's mails leave: when a test mail is due, and what is told of the newest one.

`stores` calls this. It is no part of `Ready`: a shop sells while a mail server is away, and that
is told beside it.
"""

from datetime import UTC, datetime, timedelta

from controller.domain.conditions import Condition, met, unmet
from controller.domain.mail import MailProof, Relay
from controller.domain.store import MAILING

_EVERY = timedelta(days=1)
_AFTER_REFUSAL = timedelta(minutes=15)
_ASTRAY = timedelta(minutes=1)
"""How far ahead of the clock a proof may be: further, and the clock was set back."""


def mail_due(proof: MailProof | None, relay: Relay | None) -> bool:
    """Whether a test mail is to be sent: after each change, daily, and soon after a refusal."""
    if relay is None or not relay.host:
        return False
    if proof is None or proof.digest != relay.digest:
        return True
    every = _AFTER_REFUSAL if proof.error else _EVERY
    return not -_ASTRAY <= datetime.now(UTC) - proof.at <= every


def mailing(proof: MailProof | None, relay: Relay | None) -> tuple[Condition, ...]:
    """The condition; none of a shop whose mails are not ours to say."""
    if relay is None:
        return ()
    if not relay.host:
        return (unmet(MAILING, "MailNotSetUp"),)
    # What was seen last stands until the next test mail, which follows at once.
    if proof is None or proof.digest != relay.digest:
        return ()
    if proof.error:
        return (unmet(MAILING, "MailRefused", relay=str(relay), detail=proof.error),)
    return (met(MAILING, "MailDelivered", relay=str(relay)),)
