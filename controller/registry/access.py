"""Who may enter: tokens of the API and one-time codes. Only digests are stored."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from controller.domain.errors.base import LimitError, NotAuthenticatedError
from controller.domain.errors.inputs import CodeUsedError, WrongCodeError
from controller.domain.keyring import Keyring
from controller.domain.naming import new_uid
from controller.domain.tenant import Scope
from controller.registry.mails import Letter, post
from controller.registry.session import Database, utcnow
from controller.registry.tables import LoginCodeRow, TokenRow, table

_tokens = table(TokenRow)
_codes = table(LoginCodeRow)

CODE_LIFETIME = timedelta(minutes=10)
CODE_ATTEMPTS = 5
_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token of the API, without the token itself."""

    uid: str
    name: str
    tenant: str | None
    created_at: datetime
    expires_at: datetime | None


class Tokens:
    """Bearer tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(
        self, *, name: str, tenant: str | None, lifetime: timedelta | None = None
    ) -> tuple[Token, str]:
        """A new token and, this once, its text."""
        text = f"sct_{secrets.token_urlsafe(32)}"
        return self.register(text, name=name, tenant=tenant, lifetime=lifetime), text

    def register(
        self, text: str, *, name: str, tenant: str | None, lifetime: timedelta | None = None
    ) -> Token:
        """Make a known text a token; again is the same."""
        now = utcnow()
        token = Token(
            uid=new_uid(),
            name=name,
            tenant=tenant,
            created_at=now,
            expires_at=now + lifetime if lifetime else None,
        )
        with self._database.write() as connection:
            # Two processes that start at once bring the same text.
            self._database.in_order(connection)
            known = select(_tokens.c.uid).where(_tokens.c.digest == _digest(text))
            if connection.execute(known).first() is None:
                connection.execute(
                    insert(_tokens).values(
                        uid=token.uid,
                        tenant_uid=tenant,
                        name=name,
                        digest=_digest(text),
                        created_at=now,
                        expires_at=token.expires_at,
                    )
                )
        return token

    def scope(self, text: str) -> tuple[Scope, datetime | None]:
        """Whose token it is and when it ends; raises NotAuthenticatedError."""
        query = select(_tokens).where(_tokens.c.digest == _digest(text))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None or (row["expires_at"] is not None and row["expires_at"] <= utcnow()):
            raise NotAuthenticatedError
        scope = Scope(tenant=row["tenant_uid"], actor=f"token:{row['name']}")
        return scope, row["expires_at"]

    def page(self, scope: Scope, tenant: str | None) -> list[Token]:
        """Tokens in scope, newest first."""
        query = select(_tokens).order_by(_tokens.c.uid.desc()).limit(200)
        wanted = scope.tenant or tenant
        if wanted is not None:
            query = query.where(_tokens.c.tenant_uid == wanted)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Token(
                uid=row["uid"],
                name=row["name"],
                tenant=row["tenant_uid"],
                created_at=row["created_at"],
                expires_at=row["expires_at"],
            )
            for row in rows
        ]

    def revoke(self, scope: Scope, uid: str) -> bool:
        """Make a token invalid; False when there was none in scope."""
        statement = delete(_tokens).where(_tokens.c.uid == uid)
        if scope.tenant is not None:
            statement = statement.where(_tokens.c.tenant_uid == scope.tenant)
        with self._database.write() as connection:
            return connection.execute(statement).rowcount > 0


class Codes:
    """One-time codes that prove an e-mail address."""

    def __init__(self, database: Database, keyring: Keyring, *, per_hour: int) -> None:
        self._database = database
        self._keyring = keyring
        self._per_hour = per_hour

    def send(self, email: str, address: str, letter: Callable[[str], Letter]) -> None:
        """Make a code and post the letter that carries it, in one transaction.

        `address` is the caller's network address. Raises LimitError after so many an hour, for one
        e-mail address or ten times as many for one network address.
        """
        code = f"{secrets.randbelow(1_000_000):06d}"
        now = utcnow()
        with self._database.write() as connection:
            recent = (
                select(func.count()).select_from(_codes).where(_codes.c.created_at > now - _WINDOW)
            )
            to_email = connection.execute(recent.where(_codes.c.email == email)).scalar_one()
            of_address = connection.execute(recent.where(_codes.c.address == address)).scalar_one()
            if to_email >= self._per_hour or of_address >= 10 * self._per_hour:
                raise LimitError(retry_after=600)
            # A newer code makes the older ones worthless.
            older = (_codes.c.email == email) & _codes.c.used_at.is_(None)
            connection.execute(update(_codes).where(older).values(used_at=now))
            connection.execute(
                insert(_codes).values(
                    uid=new_uid(),
                    email=email,
                    address=address,
                    digest=self._digest(email, code),
                    attempts=0,
                    created_at=now,
                    expires_at=now + CODE_LIFETIME,
                )
            )
            post(connection, letter(code))

    def check(self, email: str, code: str) -> None:
        """Spend the code; raises WrongCodeError, or CodeUsedError when it is worth nothing."""
        query = (
            select(_codes)
            .where(_codes.c.email == email)
            .order_by(_codes.c.created_at.desc())
            .limit(1)
            .with_for_update()
        )
        wrong = False
        with self._database.write() as connection:
            row = connection.execute(query).mappings().one_or_none()
            if (
                row is None
                or row["used_at"] is not None
                or row["expires_at"] <= utcnow()
                or row["attempts"] >= CODE_ATTEMPTS
            ):
                raise CodeUsedError
            wrong = not hmac.compare_digest(row["digest"], self._digest(email, code.strip()))
            change = {"attempts": row["attempts"] + 1} if wrong else {"used_at": utcnow()}
            connection.execute(update(_codes).where(_codes.c.uid == row["uid"]).values(change))
        if wrong:
            # Raised after the commit: a wrong guess counts.
            raise WrongCodeError

    def forget_old(self) -> None:
        """Drop codes of yesterday and before; the hourly limits need none of them."""
        yesterday = _codes.c.created_at < utcnow() - timedelta(days=1)
        with self._database.write() as connection:
            connection.execute(delete(_codes).where(yesterday))

    def _digest(self, email: str, code: str) -> str:
        return self._keyring.derive("login-code", f"{email}/{code}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
