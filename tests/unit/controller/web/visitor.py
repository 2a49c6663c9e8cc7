"""A browser without scripts: it keeps cookies, follows redirects when told, and fills in forms."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
from sqlalchemy import select

from controller.registry.tables import MailRow, table
from tests.planes import OPERATOR, SERVER, Plane

VOID = {"input", "meta", "link", "img", "br", "use", "path"}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({"action": found.get("action", ""), "fields": {}})
        elif self.forms and tag == "input" and "name" in found:
            self.forms[-1]["fields"][found["name"]] = found.get("value", "")
        elif self.forms and tag == "select":
            self._select = found["name"]
        elif self.forms and tag == "option" and self._select and "selected" in found:
            self.forms[-1]["fields"][self._select] = found["value"]


class Visitor:
    """One person's browser."""

    def __init__(self, plane: Plane, *, language: str = "en-US", server: str = SERVER) -> None:
        self._plane = plane
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(plane.app, client=("203.0.113.9", 1)),
            base_url=server,
            headers={"Accept-Language": language},
        )

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Open a page; redirects are not followed."""
        answer: httpx.Response = self._plane.run(self.http.get(path, **options))
        return answer

    def post(self, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
        """Send exactly these fields."""
        answer: httpx.Response = self._plane.run(self.http.post(path, data=fields or {}))
        return answer

    def submit(self, page: str, action: str, **fields: str) -> httpx.Response:
        """Fill in the form of a page and send it with everything hidden in it."""
        return self.post(action, {**self.form(self.get(page), action), **fields})

    @staticmethod
    def form(answer: httpx.Response, action: str) -> dict[str, str]:
        """The fields of the form with this action, as they stand."""
        parser = _Forms()
        parser.feed(answer.text)
        found = [form["fields"] for form in parser.forms if form["action"] == action]
        assert found, f"no form {action!r} in\n{answer.text}"
        fields: dict[str, str] = found[0]
        return fields

    # --- ways through the pages -------------------------------------------------------------------

    def ask_for_code(self, email: str) -> httpx.Response:
        """The first step."""
        return self.submit("/", "/", email=email)

    def code(self, email: str) -> str:
        """The code in the newest mail to an address."""
        found = re.search(r"\b\d{6}\b", mail_to(self._plane, email)["body"])
        assert found
        return found[0]

    def sign_in(self, email: str = "ann@example.com") -> "Visitor":
        """Both steps."""
        assert self.ask_for_code(email).status_code == 303
        answer = self.submit("/code", "/code", code=self.code(email))
        assert answer.status_code == 303, answer.text
        return self

    def open_shop(self, shop: str = "Tea House", country: str = "DE", **fields: str) -> str:
        """The third step; returns the shop's page."""
        answer = self.submit("/new", "/new", shop=shop, country=country, **fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def enter_as_operator(self) -> "Visitor":
        """Use the address that `make up` prints."""
        assert self.get(f"/operator?token={OPERATOR}").status_code == 303
        return self


def mail_to(plane: Plane, email: str) -> dict[str, Any]:
    """The newest mail to an address."""
    mails = table(MailRow)
    query = select(mails).where(mails.c.recipient == email).order_by(mails.c.uid.desc())
    with plane.registry.database.read() as connection:
        found = connection.execute(query).mappings().first()
    assert found is not None, f"no mail to {email}"
    return dict(found)
