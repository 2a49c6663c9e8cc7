"""The part of the fake control plane that knows clusters."""

from typing import Any

AT = "2026-11-22T08:00:00.000Z"
USUAL = {
    "region": "",
    "capacity": 500,
    "tls": True,
    "shopAddress": "",
    "storageClass": "",
    "sharedStorageClass": "",
    "ingressClass": "",
    "certificateIssuer": "",
    "gateway": "",
    "gatewayNamespace": "default",
    "infrastructure": "in-cluster",
    "variables": {},
    "inCluster": False,
}


class FakeClusters:
    """Clusters by name; keeps what it was sent of secrets and tells their names only."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, dict[str, str]] = {}
        self.stacks: dict[str, int] = {}
        self.findings: dict[str, list[dict[str, Any]]] = {}
        self.unreachable: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.refuses: str | None = None

    def answer(self, method: str, rest: list[str], body: Any) -> tuple[int, dict[str, Any] | None]:
        if rest and rest[0] not in self.rows:
            return 404, _problem(404, "cluster_not_found", cluster=rest[0])
        match [method, *rest]:
            case ["GET"]:
                items = [self.resource(name) for name in sorted(self.rows)]
                return 200, {"kind": "ClusterList", "metadata": {"next": None}, "items": items}
            case ["POST"]:
                return self.add(dict(body))
            case ["GET", name]:
                return 200, self.resource(name)
            case ["PATCH", name]:
                self.keep(name, dict(body))
                return 200, self.resource(name)
            case ["POST", name, "drain" | "activate" as verb]:
                self.state[name] = {"drain": "draining", "activate": "active"}[verb]
                return 200, self.resource(name)
            case ["DELETE", name]:
                if stacks := self.stacks.get(name):
                    return 409, _problem(409, "cluster_in_use", cluster=name, stacks=stacks)
                del self.rows[name]
                return 204, None
        return 500, _problem(500, "internal")

    def add(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = body.pop("name")
        if self.refuses is not None:
            return 409, _problem(409, "cluster_refused", cluster=name, detail=self.refuses)
        there = name in self.rows
        self.rows.setdefault(name, dict(USUAL))
        self.keep(name, body)
        return 200 if there else 201, self.resource(name)

    def keep(self, name: str, body: dict[str, Any]) -> None:
        kept = self.secrets.setdefault(name, {})
        if "kubeconfig" in body:
            kept["kubeconfig"] = body.pop("kubeconfig")
        for variable, value in body.pop("secretVariables", {}).items():
            kept[f"variable/{variable}"] = value
            if value is None:
                del kept[f"variable/{variable}"]
        merged = {**self.rows[name]["variables"], **body.pop("variables", {})}
        self.rows[name] |= {**body, "variables": {k: v for k, v in merged.items() if v is not None}}

    def resource(self, name: str) -> dict[str, Any]:
        spec, stacks = self.rows[name], self.stacks.get(name, 0)
        secret = [
            key.removeprefix("variable/") for key in self.secrets[name] if key != "kubeconfig"
        ]
        return {
            "apiVersion": "storectl/v1",
            "kind": "Cluster",
            "metadata": {"name": name, "createdAt": AT, "generation": 1},
            "spec": {**spec, "secretVariables": secret},
            "status": {
                "state": self.state.get(name, "active"),
                "server": f"https://{name}.example.com",
                "version": "1.34.1",
                "stacks": stacks,
                "room": spec["capacity"] - stacks,
                "unreachableSince": self.unreachable.get(name),
                "unreachableDetail": "connection refused" if name in self.unreachable else "",
                "fit": not any(item["blocks"] for item in self.findings.get(name, ())),
                "findings": self.findings.get(name, []),
            },
        }


def _problem(status: int, code: str, **params: Any) -> dict[str, Any]:
    return {"status": status, "code": code, "params": params, "detail": "d", "action": "a"}
