"""How the mails of shops leave: the platform's relay, a store's own, and what test mails showed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from controller.domain.mail import Encryption, Relay
from tests.planes import Plane, follow, problem

PLATFORM = Relay(host="relay.example.com", sender="shops@example.com", password="hush")


@pytest.fixture
def relay(plane: Plane) -> Iterator[None]:
    """Let the platform have a relay."""
    world = plane.world
    before = world.mail
    object.__setattr__(world, "mail", PLATFORM)
    yield
    object.__setattr__(world, "mail", before)


@pytest.fixture(autouse=True)
def _quiet(plane: Plane) -> Iterator[None]:
    plane.engine.mailed.clear()
    yield
    plane.engine.mail_refusal = ""


def mailing(plane: Plane) -> tuple[str, str, str]:
    """Status, reason and sentence."""
    store = plane.get("stores/acme").json()
    assert store["status"]["phase"] == "Ready"
    found = next(item for item in store["status"]["conditions"] if item["type"] == "Mailing")
    return found["status"], found["reason"], found["message"]


def test_without_a_server_the_store_says_plainly_that_it_sends_nothing(plane: Plane) -> None:
    plane.make()
    assert mailing(plane)[:2] == ("False", "MailNotSetUp")
    assert plane.engine.relays["acme"] == Relay()
    assert plane.engine.mailed == []


@pytest.mark.usefixtures("relay")
def test_a_test_mail_proves_the_platforms_server(plane: Plane) -> None:
    plane.make(contact={"email": "owner@acme.example"})
    assert mailing(plane)[:2] == ("True", "MailDelivered")
    assert plane.engine.mailed == ["owner@acme.example"]
    plane.look_again()
    assert plane.engine.mailed == ["owner@acme.example"], "once, until something changes"
    assert "hush" not in plane.get("stores/acme").text


@pytest.mark.usefixtures("relay")
def test_a_server_that_refuses_is_told_and_the_shop_sells(plane: Plane) -> None:
    plane.engine.mail_refusal = "550 5.7.1 relay denied"
    plane.make()
    status, reason, message = mailing(plane)
    assert (status, reason) == ("False", "MailRefused")
    assert "relay.example.com:587" in message
    assert "550 5.7.1 relay denied" in message
    why = plane.get("stores/acme/why").json()["status"]
    assert why["cause"]["code"] == "mail_refused"
    assert "550 5.7.1 relay denied" in why["cause"]["message"]
    events = plane.get("stores/acme/events").json()["items"]
    assert any(event["reason"] == "MailRefused" for event in events)


@pytest.mark.usefixtures("relay")
def test_a_stores_own_server_takes_the_platforms_place_and_is_proven_anew(plane: Plane) -> None:
    plane.make()
    body = {"mail": {"host": "SMTP.acme.example", "port": 465, "username": "acme"}}
    follow(plane, plane.request("PATCH", "stores/acme", json=body))
    own = Relay(host="smtp.acme.example", port=465, encryption=Encryption.TLS, username="acme")
    assert plane.engine.relays["acme"] == own
    secret = plane.request("PUT", "stores/acme/secrets/smtp.password", json={"value": "s3cret-x"})
    follow(plane, secret)
    assert plane.engine.relays["acme"] == replace(own, password="s3cret-x")
    assert len(plane.engine.mailed) == 3
    assert plane.get("stores/acme").json()["spec"]["mail"] == {
        "host": "smtp.acme.example",
        "port": 465,
        "encryption": "tls",
        "username": "acme",
        "from": None,
    }
    follow(plane, plane.request("PATCH", "stores/acme", json={"mail": None}))
    assert plane.engine.relays["acme"] == PLATFORM


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "mail.host"),
        ({"host": "smtp example"}, "mail.host"),
        ({"host": "smtp.example.com", "port": 70_000}, "mail.port"),
        ({"host": "smtp.example.com", "encryption": "ssl"}, "mail.encryption"),
        ({"host": "smtp.example.com", "from": "nobody"}, "mail.from"),
        ({"host": "smtp.example.com", "username": "a\nb"}, "mail.username"),
        ({"host": "smtp.example.com", "password": "x"}, "mail.password"),
    ],
)
def test_a_server_that_cannot_be_is_refused(plane: Plane, said: dict[str, Any], field: str) -> None:
    answer = plane.post("stores", {"name": "acme", "country": "DE", "mail": said})
    found = problem(answer, 422, "invalid_input")
    assert [error["field"] for error in found["errors"]] == [field]
