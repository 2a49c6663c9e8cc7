"""NetworkPolicies, enforced with nftables where pods' packets are forwarded.

The node's own traffic passes, as it does everywhere: probes, and the Ingress controller.
"""

import ipaddress
from collections.abc import Iterator

from scripts.nodekit.base import Object, run
from scripts.nodekit.mirror import Mirror

POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
PODS = "/api/v1/pods"
NAMESPACES = "/api/v1/namespaces"
TABLE = "inet storecontroller-policies"
_WAYS = {
    "Egress": ("egress", "to", "saddr", "daddr"),
    "Ingress": ("ingress", "from", "daddr", "saddr"),
}


class Enforcer:
    """Keeps one nftables table as the policies say."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._written = ""
        self._pods: list[Object] = []
        self._labels: dict[str, dict[str, str]] = {}

    def settle(self) -> None:
        """Compute the rules anew and load them in one step where they differ."""
        self._pods = [pod for pod in self._mirror.of(PODS) if _in_network(pod)]
        self._labels = {
            item["metadata"]["name"]: item["metadata"].get("labels", {})
            for item in self._mirror.of(NAMESPACES)
        }
        chains: list[str] = []
        bases = []
        # A packet passes the sender's egress and then the receiver's ingress.
        for order, (kind, (rules, _, near, _)) in enumerate(_WAYS.items()):
            jumps = []
            for pod in sorted(self._pods, key=lambda pod: str(pod["status"]["podIP"])):
                chosen = [item for item in self._mirror.of(POLICIES) if _chooses(item, pod, kind)]
                if chosen:
                    address = pod["status"]["podIP"]
                    name = f"{rules}-{address.replace('.', '-')}"
                    lines = dict.fromkeys(
                        line for item in chosen for line in self._allowed(item, pod, kind)
                    )
                    body = "\n".join([*lines, "counter drop"])
                    chains.append(f"chain {name} {{\n{body}\n}}")
                    jumps.append(f"ip {near} {address} jump {name}")
            head = f"type filter hook forward priority {order - 20}; policy accept;"
            known = "ct state established,related accept"
            bases.append("\n".join([f"chain {rules} {{\n{head}\n{known}", *jumps, "}"]))
        whole = "\n".join([*chains, *bases])
        text = f"table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n{whole}\n}}\n"
        if text != self._written:
            run("nft", "-f", "-", text=text)
            self._written = text

    def _allowed(self, policy: Object, pod: Object, kind: str) -> Iterator[str]:
        rules, peers, _, far = _WAYS[kind]
        for rule in policy["spec"].get(rules) or ():
            for where, whom in self._peers(rule.get(peers), policy["metadata"]["namespace"], far):
                owner = pod if kind == "Ingress" else whom
                for port in rule.get("ports") or [None]:
                    if (served := _port(port, owner)) is not None:
                        yield f"{where} {served} return".strip()

    def _peers(
        self, listed: list[Object] | None, namespace: str, far: str
    ) -> Iterator[tuple[str, Object | None]]:
        """What matches each peer, and the pod that it is, where it is one."""
        if not listed:
            yield "", None
        for peer in listed or ():
            if block := peer.get("ipBlock"):
                yield from _block(block, far)
                continue
            for pod in self._pods:
                if self._is(peer, pod, namespace):
                    yield f"ip {far} {pod['status']['podIP']}", pod

    def _is(self, peer: Object, pod: Object, namespace: str) -> bool:
        where = pod["metadata"]["namespace"]
        if "namespaceSelector" in peer:
            there = fits(peer["namespaceSelector"], self._labels.get(where, {}))
        else:
            there = where == namespace
        return there and fits(peer.get("podSelector") or {}, pod["metadata"].get("labels", {}))


def fits(selector: Object, labels: dict[str, str]) -> bool:
    """Whether labels are what a selector asks for; an empty one takes everything."""
    equal = (selector.get("matchLabels") or {}).items()
    return all(labels.get(key) == value for key, value in equal) and all(
        _holds(item, labels) for item in selector.get("matchExpressions") or ()
    )


def _holds(item: Object, labels: dict[str, str]) -> bool:
    key, values = item["key"], item.get("values") or ()
    return {
        "In": key in labels and labels[key] in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[str(item["operator"])]


def _in_network(pod: Object) -> bool:
    alive = pod["status"].get("phase") in {"Running", "Pending"}
    return alive and bool(pod["status"].get("podIP")) and not pod["spec"].get("hostNetwork")


def _chooses(policy: Object, pod: Object, kind: str) -> bool:
    return (
        policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
        and kind in policy["spec"].get("policyTypes", ["Ingress"])
        and fits(policy["spec"]["podSelector"], pod["metadata"].get("labels", {}))
    )


def _block(block: Object, far: str) -> Iterator[tuple[str, Object | None]]:
    if ipaddress.ip_network(block["cidr"]).version == 4:
        line = f"ip {far} {block['cidr']}"
        if excepted := ", ".join(block.get("except") or ()):
            line += f" ip {far} != {{ {excepted} }}"
        yield line, None


def _port(port: Object | None, owner: Object | None) -> str | None:
    """What matches a port; None where it has a name that nobody here has."""
    if port is None:
        return ""
    protocol, number = str(port.get("protocol", "TCP")).lower(), port.get("port")
    if isinstance(number, str):
        number = _named(number, owner)
        if number is None:
            return None
    if number is None:
        return f"meta l4proto {protocol}"
    last = f"-{port['endPort']}" if port.get("endPort") else ""
    return f"{protocol} dport {number}{last}"


def _named(name: str, pod: Object | None) -> int | None:
    containers = pod["spec"]["containers"] if pod else ()
    for container in containers:
        for port in container.get("ports") or ():
            if port.get("name") == name:
                return int(port["containerPort"])
    return None
