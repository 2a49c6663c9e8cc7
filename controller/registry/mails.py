"""Mails to send, written in the transaction that causes them: an accepted mail is never lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from controller.domain.naming import new_uid
from controller.registry.session import Database, epoch_now, utcnow
from controller.registry.tables import MailRow, table

_mails = table(MailRow)

KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail as it is written."""

    recipient: str
    language: str
    subject: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Mail(Letter):
    """A mail in the table."""

    uid: str
    attempts: int
    created_at: datetime
    sent_at: datetime | None


def post(connection: Connection, letter: Letter) -> None:
    """Put a letter into the table."""
    connection.execute(
        insert(_mails).values(
            uid=new_uid(),
            recipient=letter.recipient,
            language=letter.language,
            subject=letter.subject,
            body=letter.body,
            attempts=0,
            due_at=epoch_now(),
            created_at=utcnow(),
        )
    )


class Mails:
    """The table of mails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def post(self, letter: Letter) -> None:
        """Put a letter into the table, in a transaction of its own."""
        with self._database.write() as connection:
            post(connection, letter)

    def latest(self, limit: int = 50) -> Sequence[Mail]:
        """The newest mails, for the outbox page of the embedded control plane."""
        query = select(_mails).order_by(_mails.c.uid.desc()).limit(limit)
        with self._database.read() as connection:
            return [_mail(row) for row in connection.execute(query).mappings()]

    def claim(self, limit: int = 20, *, seconds: float = 120.0) -> Sequence[Mail]:
        """Mails that are due, put off so that no other worker sends them meanwhile."""
        due = (
            select(_mails.c.uid)
            .where(_mails.c.sent_at.is_(None), _mails.c.due_at <= epoch_now())
            .order_by(_mails.c.due_at)
            .limit(limit)
        )
        claimed = (
            update(_mails)
            .where(_mails.c.uid.in_(due.with_for_update(skip_locked=True).scalar_subquery()))
            .values(due_at=epoch_now() + seconds, attempts=_mails.c.attempts + 1)
            .returning(_mails)
        )
        with self._database.read() as connection:
            if connection.execute(due).first() is None:
                return ()
        with self._database.write() as connection:
            return [_mail(row) for row in connection.execute(claimed).mappings()]

    def sent(self, uid: str) -> None:
        """Mark a mail as handed over; its text (codes, links) is not kept."""
        done = {"sent_at": utcnow(), "due_at": None, "body": ""}
        with self._database.write() as connection:
            connection.execute(update(_mails).where(_mails.c.uid == uid).values(done))

    def forget_old(self) -> None:
        """Drop mails of last month and before."""
        old = _mails.c.created_at < utcnow() - KEPT
        with self._database.write() as connection:
            connection.execute(delete(_mails).where(old))

    def put_off(self, uid: str, seconds: float | None) -> None:
        """Try again later; None gives up."""
        due = None if seconds is None else epoch_now() + seconds
        with self._database.write() as connection:
            connection.execute(update(_mails).where(_mails.c.uid == uid).values(due_at=due))


def _mail(row: RowMapping) -> Mail:
    return Mail(
        uid=row["uid"],
        recipient=row["recipient"],
        language=row["language"],
        subject=row["subject"],
        body=row["body"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
    )
