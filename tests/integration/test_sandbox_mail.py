"""The sandbox shop's mails: to the server of its settings, with its words when it refuses."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import certificates
from tests.control_plane import until
from tests.integration.test_sandbox_shop import order
from tests.mail_catcher import Catcher, catching
from tests.sandbox_shop import Running, start, stop
from tests.services.process import free_port


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("mail") / "shop")
    yield running
    stop(running)


def set_up(shop: Running, port: int, **smtp: str) -> None:
    values = {"disable": "0", "transport": "smtp", "host": "127.0.0.1", "port": str(port)}
    values |= {"ssl": "none", "auth": "none", **smtp}
    items = [{"path": f"system/smtp/{name}", "value": value} for name, value in values.items()]
    items.append({"path": "trans_email/ident_sales/email", "value": "sales@acme.example"})
    with shop.client() as client:
        body = {"items": items, "revision": 1}
        client.put("/rest/all/V1/storecontroller/config", json=body).raise_for_status()


def sent_to(shop: Running, recipient: str = "owner@acme.example") -> dict[str, Any]:
    with shop.client() as client:
        found: dict[str, Any] = client.post(
            "/rest/all/V1/storecontroller/test-mail", json={"recipient": recipient}
        ).json()
        return found


@pytest.fixture
def server() -> Iterator[Catcher]:
    with catching() as found:
        yield found


def test_a_test_mail_arrives(shop: Running, server: Catcher) -> None:
    set_up(shop, server.port)
    assert sent_to(shop) == {"sent": True, "detail": ""}
    assert [mail["To"] for mail in server.mails] == ["owner@acme.example"]
    assert "sales@acme.example" in server.mails[0]["From"]


def test_nobody_is_written_to_who_has_no_address(shop: Running, server: Catcher) -> None:
    set_up(shop, server.port)
    assert sent_to(shop, "nobody")["message"] == '"%1" is no e-mail address.'
    assert server.mails == []


def test_an_order_is_confirmed_and_the_probes_is_not(shop: Running, server: Catcher) -> None:
    set_up(shop, server.port)
    with shop.client() as client:
        assert order(client).is_success
    until(server.subjects, "the confirmation")
    assert server.mails[0]["To"] == "a@b.example"
    assert "000000001" in server.subjects()[0]


@pytest.mark.parametrize(
    ("smtp", "said"),
    [
        pytest.param({"disable": "1"}, "Email communications are disabled.", id="disabled"),
        pytest.param({"transport": "sendmail"}, "There is no sendmail program here.", id="program"),
        pytest.param({"host": "nowhere.invalid"}, "nowhere.invalid", id="no-such-host"),
        pytest.param({"ssl": "tls"}, "STARTTLS", id="no-starttls"),
        pytest.param({"ssl": "ssl"}, "127.0.0.1:", id="no-tls"),
    ],
)
def test_what_keeps_a_mail_from_leaving_is_said(
    shop: Running, server: Catcher, smtp: dict[str, str], said: str
) -> None:
    set_up(shop, server.port, **smtp)
    found = sent_to(shop)
    assert found["sent"] is False
    assert said in found["detail"]
    with shop.client() as client:
        assert order(client).is_success, "a shop sells while its mails do not leave"


def test_nothing_listens(shop: Running) -> None:
    set_up(shop, free_port())
    assert "refused" in sent_to(shop)["detail"]


def test_the_servers_own_words_are_told(shop: Running, server: Catcher) -> None:
    set_up(shop, server.port)
    server.relay_denied = True
    assert sent_to(shop)["detail"] == "550 5.7.1 relay denied for this sender"


@pytest.mark.parametrize(("password", "sent"), [("right-password", True), ("wrong", False)])
def test_a_password_decides(shop: Running, password: str, sent: bool) -> None:
    with catching(password="right-password") as server:
        set_up(shop, server.port, auth="login", username="shop", password=password)
        found = sent_to(shop)
        assert found["sent"] is sent
        assert sent or found["detail"].startswith("535 ")


def test_a_certificate_that_nobody_knows_is_refused(shop: Running, tmp_path: Path) -> None:
    certificates.write(tmp_path, ("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    with catching(tls_context=context) as server:
        set_up(shop, server.port, ssl="tls")
        assert "CERTIFICATE_VERIFY_FAILED" in sent_to(shop)["detail"]
