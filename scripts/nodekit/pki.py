"""Certificates and ways in of one node; `inside` has them written.

Two authorities: the cluster's own, which every kubeconfig names, and the one that signed the
Ingress, which nobody trusts who is not told to (`shops-ca.crt`).
"""

import base64
import datetime as dt
import ipaddress
import json
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scripts.nodekit.base import API, KUBERNETES_SERVICE, NODE, NODE_ADDRESS, PUBLIC_DOMAIN

MASTERS, NODES = "system:masters", "system:nodes"
USERS = {
    "admin": ("admin", MASTERS),
    "controllers": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kubelet": (f"system:node:{NODE}", NODES),
    "proxy": ("system:kube-proxy", ""),
}
"""File of the kubeconfig: user and group."""
SERVED = (
    NODE_ADDRESS,
    "127.0.0.1",
    KUBERNETES_SERVICE,
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
_SHOPS = (PUBLIC_DOMAIN, f"*.{PUBLIC_DOMAIN}", f"*.shops.{PUBLIC_DOMAIN}")


class Authority:
    """A certificate authority that signs as long as this object lives."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        builder = self._builder(self._name, self._key)
        basic = x509.BasicConstraints(ca=True, path_length=0)
        itself = builder.add_extension(basic, critical=True).sign(self._key, hashes.SHA256())
        (directory / f"{name}.crt").write_bytes(_pem(itself))

    def issue(self, file: str, common: str, names: tuple[str, ...] = (), group: str = "") -> None:
        """Write `file`.crt and `file`.key for a server of these names, or for a user."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name(common, group), key)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if names:
            listed = x509.SubjectAlternativeName([_general(name) for name in names])
            builder = builder.add_extension(listed, critical=False)
        (self._directory / f"{file}.crt").write_bytes(
            _pem(builder.sign(self._key, hashes.SHA256()))
        )
        _write_key(self._directory / f"{file}.key", key)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        its = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(its, critical=False)
            .add_extension(ours, critical=False)
        )


def write(directory: Path) -> None:
    """Write every certificate, key, token and kubeconfig."""
    directory.mkdir(parents=True)
    directory.chmod(0o700)
    cluster = Authority(directory, "cluster-ca")
    cluster.issue("apiserver", "kube-apiserver", SERVED)
    cluster.issue("apiserver-kubelet", "kube-apiserver-kubelet-client", group=MASTERS)
    cluster.issue("kubelet", f"system:node:{NODE}", (NODE_ADDRESS, NODE))
    Authority(directory, "shops-ca").issue("ingress", f"*.{PUBLIC_DOMAIN}", _SHOPS)
    tokens = ec.generate_private_key(ec.SECP256R1())
    _write_key(directory / "tokens.key", tokens)
    public = tokens.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (directory / "tokens.pub").write_bytes(public)
    lines = []
    for file, (user, group) in USERS.items():
        token = secrets.token_hex(16)
        lines.append(f'{token},{user},{user},"{group}"\n')
        kubeconfig(directory / file, token, (directory / "cluster-ca.crt").read_bytes())
    (directory / "tokens.csv").write_text("".join(lines))


def kubeconfig(path: Path, token: str, authority: bytes) -> None:
    """Write a kubeconfig that needs no other file."""
    trusted = base64.b64encode(authority).decode()
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": NODE, "cluster": {"server": API, "certificate-authority-data": trusted}}
        ],
        "users": [{"name": path.name, "user": {"token": token}}],
        "contexts": [{"name": NODE, "context": {"cluster": NODE, "user": path.name}}],
        "current-context": NODE,
    }
    # JSON is YAML, and every reader of kubeconfigs takes it.
    path.write_text(json.dumps(content, indent=2))
    path.chmod(0o600)


def _name(common: str, group: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if group:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
