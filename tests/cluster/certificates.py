"""The certificates of a control plane that lives for one test run; `control_plane` calls it."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey


def write(directory: Path, addresses: tuple[str, ...]) -> None:
    """Write ca.crt, server.crt and server.key for the API server, and the pair of its tokens."""
    authority = ec.generate_private_key(ec.SECP256R1())
    server = ec.generate_private_key(ec.SECP256R1())
    tokens = ec.generate_private_key(ec.SECP256R1())
    us = _name("cluster tests")
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    names = x509.SubjectAlternativeName(
        [
            *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
            *(x509.DNSName(name) for name in ("localhost", "kubernetes.default.svc")),
        ]
    )
    itself = _certificate(us, authority, us, authority).add_extension(constraints, critical=True)
    served = _certificate(_name("kube-apiserver"), server, us, authority)
    served = served.add_extension(names, critical=False)
    for path, builder in (("ca.crt", itself), ("server.crt", served)):
        signed = builder.sign(authority, hashes.SHA256())
        (directory / path).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (directory / "server.key").write_bytes(_private(server))
    (directory / "tokens.key").write_bytes(_private(tokens))
    (directory / "tokens.pub").write_bytes(
        tokens.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, key: Key, issuer: x509.Name, authority: Key
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    whose = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(whose), critical=False
        )
    )


def _private(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
