"""What lies between us and a shop is told as itself: its name, its certificate, a proxy."""

import os
import socket
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from controller.domain.errors.shops import (
    HostsPendingError,
    ShopCertificateAgeError,
    ShopCertificateNameError,
    ShopGatewayError,
    ShopNameUnknownError,
    ShopTlsError,
    ShopUnreachableError,
    ShopUnroutedError,
    ShopUntrustedError,
    ShopWayError,
    StorefrontPendingError,
    WrongShopError,
)
from controller.engines.beside import context
from controller.engines.magento import MagentoEngine
from controller.engines.rest import RestClient
from tests.async_rest import Waiting
from tests.misbehaving_shop import PAGE, says, shop, whole
from tests.tls import certificate, encrypted


@pytest.mark.parametrize(
    ("made", "trusted", "kind", "told"),
    [
        ({}, False, ShopUntrustedError, "self-signed certificate"),
        ({"days": -1}, True, ShopCertificateAgeError, "certificate has expired"),
        ({"host": "192.0.2.7"}, True, ShopCertificateNameError, "mismatch"),
    ],
)
def test_each_fault_of_a_certificate_is_told_as_itself(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: dict[str, object],
    trusted: bool,
    kind: type[ShopWayError],
    told: str,
) -> None:
    file, _ = certificate(tmp_path, **made)  # type: ignore[arg-type]
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with encrypted(file) as port:
        address = f"https://127.0.0.1:{port}"
        for ask in (MagentoEngine("").ready, lambda it: Waiting(it).call("GET", "/V1/a")):
            with pytest.raises(kind, match=told) as met:
                ask(address)
            assert met.value.params["host"] == "127.0.0.1"


def test_the_systems_authorities_are_read_once_and_again_when_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    system = tmp_path / "authorities.pem"
    system.write_bytes(certificate(first)[0].read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    read = context("")
    assert context("") is read
    new, _ = certificate(second)
    with encrypted(new) as port:
        address = f"https://127.0.0.1:{port}"
        with pytest.raises(ShopUntrustedError):
            MagentoEngine("").ready(address)
        system.write_bytes(new.read_bytes())
        os.utime(system, ns=(0, system.stat().st_mtime_ns + 1))
        MagentoEngine("").ready(address)
    assert context("") is not read


def test_the_certificate_of_a_ca_that_was_given_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with encrypted(file) as port:
        MagentoEngine("").ready(f"https://127.0.0.1:{port}")


def test_what_does_not_speak_tls_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                peer.recv(65536)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ShopTlsError):
            RestClient(f"https://127.0.0.1:{server.getsockname()[1]}").call("GET", "/V1")
        thread.join(10)


def test_a_name_that_nobody_knows_is_told_so() -> None:
    with pytest.raises(ShopNameUnknownError, match=r"nowhere\.invalid"):
        RestClient("http://nowhere.invalid").call("GET", "/V1")


def test_a_refused_connection_is_no_fault_of_the_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ShopUnreachableError, match="refused") as met:
        RestClient(f"http://127.0.0.1:{port}").call("GET", "/V1")
    assert type(met.value) is ShopUnreachableError


@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout"])
def test_a_proxy_that_does_not_reach_the_shop_is_told_so(status: str) -> None:
    page = says(whole(PAGE, status, "text/html"))
    with shop(page) as address, pytest.raises(ShopGatewayError, match=status[:3]):
        MagentoEngine("").ready(address)


def test_a_web_server_without_a_way_to_the_shop_is_not_another_shop() -> None:
    page = says(whole(b"default backend - 404", "404 Not Found", "text/plain"))
    with shop(page) as address, pytest.raises(ShopUnroutedError):
        MagentoEngine("").ready(address)
    refused = b'{"message":"Request does not match any route."}'
    with shop(says(whole(refused, "404 Not Found"))) as address, pytest.raises(WrongShopError):
        MagentoEngine("").ready(address)


def test_a_host_that_the_web_server_does_not_know_yet_is_waited_for() -> None:
    """It reads its list of hosts a while after the cluster changed it."""
    known = {b"us.example.com": b"us"}

    def answer(peer: socket.socket, request: bytes) -> None:
        if not request.startswith(b"GET /-/site "):
            peer.sendall(whole(b'{"ready":true}'))
            return
        host = request.partition(b"Host: ")[2].partition(b"\r\n")[0]
        peer.sendall(whole(known.get(host, b"") + b"\n", kind="text/plain"))

    websites = {"us.example.com": "us", "uk.example.com": "uk"}
    with shop(answer) as address:
        with pytest.raises(HostsPendingError, match=r"uk\.example\.com") as met:
            MagentoEngine("").ready(address, websites)
        assert "us.example.com" not in str(met.value)
        known[b"uk.example.com"] = b"uk"
        MagentoEngine("").ready(address, websites)
    # An image that does not know the address is not judged by it.
    with shop(says(whole(b'{"ready":true}'))) as address:
        MagentoEngine("").ready(address, websites)


@pytest.mark.parametrize(
    ("answered", "late"),
    [
        pytest.param((PAGE, "404 Not Found", "text/html"), True, id="before the shop, no rule"),
        pytest.param((b"default backend", "404 Not Found", "text/plain"), True, id="no route"),
        pytest.param((PAGE, "503 Service Unavailable", "text/html"), True, id="no pods"),
        pytest.param((b"base\n", "200 OK", "text/plain"), True, id="another website"),
        pytest.param((b"us\n", "200 OK", "text/plain"), False, id="its website"),
        pytest.param((b"", "421 Misdirected Request", "text/plain"), False, id="other connection"),
        pytest.param((b"\n", "200 OK", "text/plain"), True, id="the default website"),
        pytest.param((b"*\n", "200 OK", "text/plain"), False, id="a shop that is not told yet"),
    ],
)
def test_each_website_is_asked_for_at_its_own_host(
    answered: tuple[bytes, str, str], late: bool
) -> None:
    """What leads to the main website need not lead to the others."""

    def answer(peer: socket.socket, request: bytes) -> None:
        if not request.startswith(b"GET /-/site "):
            peer.sendall(whole(b'{"ready":true}'))
        elif b"Host: us.example.com" in request:
            peer.sendall(whole(*answered))
        else:
            peer.sendall(whole(b"base\n", kind="text/plain"))

    told = pytest.raises(HostsPendingError, match=r"us\.example\.com") if late else nullcontext()
    with shop(answer) as address, told:
        MagentoEngine("").ready(address, {"us.example.com": "us"})


@pytest.mark.parametrize("wanted", ["open", "closed"])
def test_shoppers_find_it_opened_or_closed_before_it_is_said_to_be_so(wanted: str) -> None:
    shown = ["closing"]

    def answer(peer: socket.socket, request: bytes) -> None:
        if request.startswith(b"GET /-/site "):
            told = f"\r\nX-Shop-Storefront: {shown[0]}" if shown[0] else ""
            peer.sendall(whole(b"base\n", kind=f"text/plain{told}"))
        else:
            peer.sendall(whole(b'{"ready":true}'))

    with shop(answer) as address:
        with pytest.raises(StorefrontPendingError):
            MagentoEngine("").ready(address, storefront=wanted)
        # One that stays as it is is not asked, and an image that does not say it is not judged.
        MagentoEngine("").ready(address)
        for shown[0] in (wanted, ""):
            MagentoEngine("").ready(address, storefront=wanted)


def test_an_authority_of_the_operators_is_trusted_beside_the_systems(tmp_path: Path) -> None:
    file, trust = certificate(tmp_path)
    with encrypted(file) as port:
        address = f"https://127.0.0.1:{port}"
        MagentoEngine().ready(address, trust=trust)
        assert Waiting(address, trust=trust).call("GET", "/V1/a") == {"ready": True}
        with pytest.raises(ShopUntrustedError):
            MagentoEngine().ready(address)
