"""The Ingress controller: an nginx on the node that leads hosts to their Services."""

import base64
import re
import subprocess
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from scripts.nodekit.base import INGRESS_CLASS, NODE_ADDRESS, Object
from scripts.nodekit.dns import SERVICES
from scripts.nodekit.mirror import Mirror

INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
SECRETS = "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io/tls"
CLASS: Object = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {
        "name": INGRESS_CLASS,
        "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
    },
    "spec": {"controller": "storecontroller.io/node"},
}
_HEAD = """
worker_processes 2;
daemon off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 4096; }}
http {{
access_log off;
server_names_hash_bucket_size 256;
server_names_hash_max_size 4096;
client_body_temp_path {home}/body;
proxy_temp_path {home}/proxy;
fastcgi_temp_path {home}/fastcgi;
scgi_temp_path {home}/scgi;
uwsgi_temp_path {home}/uwsgi;
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header Host $host;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Host $host;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_buffer_size 32k;
proxy_buffers 8 32k;
proxy_connect_timeout 5s;
client_max_body_size 64m;
ssl_certificate {pki}/ingress.crt;
ssl_certificate_key {pki}/ingress.key;
server {{
listen {address}:80 default_server;
listen {address}:443 ssl default_server;
return 404;
}}
"""


_KEPT = "keepalive 64; keepalive_timeout 4s;"
"""Shorter than a pod goes on once it is told to end."""


class Controller:
    """Keeps nginx's configuration as the Ingresses say."""

    def __init__(self, mirror: Mirror, home: Path, pki: Path) -> None:
        self._mirror = mirror
        self._home = home
        self._pki = pki
        self._written = ""
        self._nginx: subprocess.Popen[bytes] | None = None
        home.mkdir(exist_ok=True)

    def settle(self) -> None:
        """Write what changed and have nginx read it."""
        services = {
            (item["metadata"]["namespace"], item["metadata"]["name"]): item
            for item in self._mirror.of(SERVICES)
        }
        servers = [
            self._server(ingress, rule, services)
            for ingress in self._mirror.of(INGRESSES)
            if ingress["spec"].get("ingressClassName") == INGRESS_CLASS
            for rule in ingress["spec"].get("rules") or ()
            if rule.get("host") and rule.get("http")
        ]
        head = _HEAD.format(home=self._home, pki=self._pki, address=NODE_ADDRESS)
        text = "\n".join((head, *_upstreams(servers), *sorted(servers), "}\n"))
        if text != self._written:
            (self._home / "nginx.conf").write_text(text)
            self._reload()
            self._written = text

    def _reload(self) -> None:
        command = ["nginx", "-c", str(self._home / "nginx.conf"), "-p", str(self._home)]
        if self._nginx is not None and self._nginx.poll() is None:
            subprocess.run([*command, "-s", "reload"], check=True)  # noqa: S603
            return
        self._nginx = subprocess.Popen(command)  # noqa: S603
        while not (self._home / "nginx.pid").exists() and self._nginx.poll() is None:
            time.sleep(0.05)

    def _server(
        self, ingress: Object, rule: Object, services: dict[tuple[str, str], Object]
    ) -> str:
        namespace, host = ingress["metadata"]["namespace"], rule["host"]
        places = "\n".join(
            f"location {'= ' if path.get('pathType') == 'Exact' else ''}{path.get('path') or '/'} "
            f"{{ {_backend(namespace, path['backend'].get('service') or {}, services)} }}"
            for path in rule["http"]["paths"]
        )
        listens = f"listen {NODE_ADDRESS}:80; listen {NODE_ADDRESS}:443 ssl;"
        return f"server {{ {listens} server_name {host};\n{self._tls(ingress, host)}{places} }}"

    def _tls(self, ingress: Object, host: str) -> str:
        """The certificate that the Ingress names, where it is there; else the wildcard's."""
        names = {
            item.get("secretName")
            for item in ingress["spec"].get("tls") or ()
            if host in (item.get("hosts") or ())
        }
        for secret in self._mirror.of(SECRETS):
            metadata = secret["metadata"]
            if (
                metadata["namespace"] == ingress["metadata"]["namespace"]
                and metadata["name"] in names
            ):
                stem = self._home / f"{metadata['uid']}-{metadata['resourceVersion']}"
                for key, kind in (("tls.crt", "crt"), ("tls.key", "key")):
                    stem.with_suffix(f".{kind}").write_bytes(base64.b64decode(secret["data"][key]))
                return f"ssl_certificate {stem}.crt; ssl_certificate_key {stem}.key;\n"
        return ""


def _upstreams(servers: Sequence[str]) -> list[str]:
    """What keeps connections to the Services of the servers, as ingress-nginx does."""
    named = (re.findall(r"http://([\d.]+_\d+);", server) for server in servers)
    return [
        f"upstream {name} {{ server {name.replace('_', ':')}; {_KEPT} }}"
        for name in sorted(set(chain.from_iterable(named)))
    ]


def _backend(namespace: str, wanted: Object, services: dict[tuple[str, str], Object]) -> str:
    """How nginx reaches a Service; 503 where there is none, as ingress-nginx answers."""
    service = services.get((namespace, wanted.get("name", "")))
    if service is None:
        return "return 503;"
    port = wanted.get("port", {})
    for item in service["spec"]["ports"]:
        if port.get("number") == item["port"] or port.get("name") == item.get("name", ""):
            address = service["spec"]["clusterIP"]
            return f"proxy_pass http://{address}_{item['port']};"
    return "return 503;"
