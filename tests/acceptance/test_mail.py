"""Mails of a shop on the way to a real mail server, as an operator and a shopper see it."""

import httpx

from tests.control_plane import ControlPlane, until
from tests.integration.test_sandbox_shop import order
from tests.mail_catcher import catching


def test_a_shops_mails_arrive_once_a_server_is_set(control_plane: ControlPlane) -> None:
    plane = control_plane
    plane.finish(plane.create("writer", country="US", contact={"email": "owner@writer.example"}))

    def mailing() -> dict[str, str]:
        conditions = plane.call("GET", "/stores/writer")["status"]["conditions"]
        found: dict[str, str] = next(item for item in conditions if item["type"] == "Mailing")
        return found

    assert mailing()["reason"] == "MailNotSetUp"
    with catching(password="right-password") as server:
        smtp = {"host": "127.0.0.1", "port": server.port, "encryption": "none"}
        mail = {**smtp, "username": "shop", "from": "shop@writer.example"}
        plane.finish(plane.call("PATCH", "/stores/writer", {"mail": mail}))
        assert mailing()["reason"] == "MailRefused"
        secret = {"value": "right-password"}
        plane.finish(plane.call("PUT", "/stores/writer/secrets/smtp.password", secret))
        assert mailing()["reason"] == "MailDelivered"
        # The probe's own orders were not among them.
        assert [str(sent["To"]) for sent in server.mails] == ["owner@writer.example"]
        url = plane.call("GET", "/stores/writer")["status"]["url"].rstrip("/")
        with httpx.Client(base_url=url, trust_env=False) as shopper:
            assert order(shopper).is_success
        until(lambda: len(server.mails) == 2, "the confirmation")
        assert server.mails[1]["To"] == "a@b.example"
        assert "shop@writer.example" in server.mails[1]["From"]
