"""Whether shoppers get to a cluster's door: its wildcard name and the certificate there."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provisioners.kubernetes import frontdoor

DOMAIN = "shops.example.com"


def certificate(directory: Path, host: str) -> tuple[Path, str]:
    """One that signs itself, with its key in one file, and by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a door")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = directory / "door.pem"
    file.write_bytes(pem + secret)
    return file, pem.decode()


@contextmanager
def door(file: Path) -> Iterator[int]:
    """A server that shows a certificate; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                peer, _ = server.accept()
                with suppress(OSError), context.wrap_socket(peer, server_side=True) as talk:
                    talk.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def here(asked: str, port: int) -> list[tuple[object, ...]]:
    """Every name is this machine's."""
    assert asked.endswith(f".{DOMAIN}")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.mark.parametrize(
    ("host", "trusted", "code"),
    [
        pytest.param(f"*.{DOMAIN}", True, None, id="good"),
        pytest.param(f"*.{DOMAIN}", False, "certificate_refused", id="unknown-authority"),
        pytest.param(DOMAIN, True, "certificate_refused", id="no-wildcard"),
    ],
)
def test_the_certificate_has_to_be_good_for_every_shop(
    tmp_path: Path, host: str, trusted: bool, code: str | None
) -> None:
    file, pem = certificate(tmp_path, host)
    with door(file) as port:
        trust = pem if trusted else ""
        found = [*frontdoor.look(DOMAIN, tls=True, trust=trust, resolve=here, port=port)]
        by_issuer = frontdoor.look(DOMAIN, tls=True, certified=False, resolve=here, port=port)
        assert [*by_issuer] == []
    assert [item.code for item in found] == ([code] if code else [])


def test_a_name_that_leads_nowhere_is_told_apart_from_a_closed_door() -> None:
    def nowhere(_host: str, _port: int) -> list[tuple[object, ...]]:
        raise socket.gaierror(-2, "Name or service not known")

    (unknown,) = frontdoor.look(DOMAIN, tls=True, resolve=nowhere)
    assert (unknown.code, unknown.about) == ("domain_unresolved", f"*.{DOMAIN}")
    assert unknown.detail == "Name or service not known"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    (closed,) = frontdoor.look(DOMAIN, tls=False, resolve=here, port=port)
    assert closed.code == "door_closed"
