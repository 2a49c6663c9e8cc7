"""Whether shoppers get to a cluster's door: its wildcard name and the certificate there."""

import socket
from pathlib import Path

import pytest

from provisioners.kubernetes import frontdoor
from tests.tls import certificate, encrypted

DOMAIN = "shops.example.com"


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
    file, pem = certificate(tmp_path, host=host)
    with encrypted(file) as port:
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
