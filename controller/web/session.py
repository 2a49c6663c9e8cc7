"""Who looks at a page: a signed cookie, and the proof that a form came from a page of ours.

Every page handler asks `Sessions` through `render.Pages`. Nothing is stored on the server: the
cookie holds the proven e-mail address and is worth nothing after twelve hours.
"""

import hmac
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from controller.domain.errors.base import NotAllowedError
from controller.domain.keyring import Keyring
from controller.domain.naming import new_uid
from controller.i18n import N_

LIFETIME: Final = timedelta(hours=12)


class FormExpiredError(NotAllowedError):
    """A form came without the token of the session it is sent in."""

    code = "form_expired"
    cause = N_("This form was open for too long, or was not sent from one of our pages.")
    action = N_("Go back, load the page again and send it once more. Cookies must be allowed.")


@dataclass(frozen=True, kw_only=True)
class Session:
    """What the cookie says; anonymous until a code or a token proved somebody."""

    id: str
    pending: str | None = None
    """The address that a one-time code was sent to."""
    email: str | None = None
    """The owner's proven address."""
    operator: str | None = None
    """Name of the operator's token."""
    goal: str | None = None
    """The page of ours that asked to sign in first."""


class Sessions:
    """Reads and writes the cookie."""

    def __init__(self, keyring: Keyring, *, secure: bool) -> None:
        self._keyring = keyring
        self._secure = secure
        # Browsers bind a name with this beginning to exactly one host, which needs https.
        self._cookie = "__Host-storectl" if secure else "storectl_session"
        self._signer = URLSafeTimedSerializer(keyring.derive("session"), salt="session")

    def load(self, request: Request) -> Session | None:
        """The session of a request; None when there is none that can be believed."""
        text = request.cookies.get(self._cookie)
        if not text:
            return None
        try:
            return Session(**self._signer.loads(text, max_age=int(LIFETIME.total_seconds())))
        except (BadData, TypeError):
            return None

    def begin(self, *, email: str | None = None, operator: str | None = None) -> Session:
        """A session with an id of its own, so that nobody can have planted it."""
        return Session(id=new_uid(), email=email, operator=operator)

    def write(self, response: Response, session: Session) -> None:
        """Hand the session to the browser."""
        response.set_cookie(
            self._cookie,
            self._signer.dumps(asdict(session)),
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def token(self, session: Session) -> str:
        """The token that forms shown in this session carry."""
        return self._keyring.derive("form", session.id)

    def check(self, session: Session, token: str) -> None:
        """Raise FormExpiredError unless the token belongs to the session."""
        if not hmac.compare_digest(self.token(session).encode(), token.encode()):
            raise FormExpiredError
