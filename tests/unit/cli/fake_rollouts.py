"""The fake control plane's images and rollouts: each look brings a rollout one store further."""

from typing import Any

IMAGES = [
    {"store": "acme", "cluster": "north", "image": "registry.example.com/shop:1"},
    {"store": "bear", "cluster": "north", "image": None},
]


class FakeRollouts:
    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.fails: set[str] = set()
        self.shown: dict[str, Any] = {}

    def answer(self, method: str, path: list[str], body: Any) -> tuple[int, dict[str, Any]]:
        match [method, *path]:
            case ["GET"]:
                return 200, {"items": IMAGES}
            case ["POST", "rollouts"]:
                self.asked.append(body)
                names = [{"name": item["store"], "state": "waiting"} for item in IMAGES]
                if body["dryRun"]:
                    return 200, {"dryRun": True, "stores": names}
                self.shown = self._rollout(body, [{**name, **_NOTHING} for name in names])
                return 202, self.shown
            case ["GET", "rollouts"]:
                return 200, {"items": [self.shown]}
            case ["GET", "rollouts", _]:
                return 200, self._go_on()
            case ["POST", "rollouts", _, "stop"]:
                self.shown["status"]["state"] = "stopped"
                return 200, self.shown
        for store in self.shown["status"]["stores"]:
            store["state"] = "waiting" if store["state"] == "failed" else store["state"]
        self.fails, self.shown["status"]["state"] = set(), "running"
        return 200, self.shown

    def _go_on(self) -> dict[str, Any]:
        stores = self.shown["status"]["stores"]
        for store in stores:
            if store["state"] == "waiting":
                bad = store["name"] in self.fails
                store["state"] = "failed" if bad else "done"
                store["detail"] = "image_unpullable" if bad else ""
                break
        states = {store["state"] for store in stores}
        over = "stopped" if "failed" in states else "finished" if states == {"done"} else "running"
        self.shown["status"]["state"] = over
        return self.shown

    def _rollout(self, body: dict[str, Any], stores: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "metadata": {"id": "01rollout", "createdAt": None},
            "spec": {key: body[key] for key in ("image", "maxParallel", "maxFailures")},
            "status": {"state": "running", "counts": {"waiting": 2, "done": 0}, "stores": stores},
        }


_NOTHING = {"operation": None, "detail": ""}
