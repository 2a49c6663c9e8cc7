"""A step that came true while no worker stayed with it is told as what came of it."""

from controller.domain.tenant import Scope
from controller.registry.leases import Kind, Leases, Ref
from tests.planes import Plane


def test_that_the_shop_answers_is_told_whoever_saw_it(plane: Plane) -> None:
    answer = plane.post("stores", {"name": "acme", "country": "DE"})
    store = plane.registry.stores.get(Scope.system(), "acme")
    leases = Leases(plane.registry.database, holder="other", seconds=15)
    lease = leases.acquire(Ref(kind=Kind.STACK, uid=store.stack))
    assert lease is not None
    plane.registry.progress.started(lease, "await-engine")
    leases.release(lease)
    plane.settle()
    operation = plane.get(f"operations/{answer.json()['metadata']['id']}").json()
    (step,) = (item for item in operation["status"]["steps"] if item["name"] == "await-engine")
    assert step["state"] == "done"
    assert step["detail"].startswith("It answers at ")
