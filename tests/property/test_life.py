"""A store's whole life, in any order: every order is taken or refused as its state allows.

Hypothesis orders changes, suspensions, retirements and purges of two stores over real sandbox
shops, lets the reconciler come to a part of them, lets shops die and the driver fail, and looks
whether everything ends where the last word said. `make fuzz` tries other lives.
"""

from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from controller.domain.conditions import Desired
from controller.domain.operations import SOURCES, TARGETS, OperationKind
from provisioners.base import DriverFailure
from tests.property.conftest import FUZZ, SandboxPlane

NAMES = st.sampled_from(["acme", "tea-house"])
PHASES = {
    Desired.ACTIVE: "Ready",
    Desired.SUSPENDED: "Suspended",
    Desired.RETIRED: "Retired",
    Desired.PURGED: "Purged",
}
KEPT_NAMES = {Desired.RETIRED: "name_retired", Desired.PURGED: "wrong_state"}
"""Why nobody gets the name of a store that is on its way out."""
TURNS = [kind for kind in TARGETS if kind is not OperationKind.PURGE]


@dataclass
class Life:
    """What a store is to be, by what was accepted."""

    uid: str
    stack: str
    rate: str
    desired: Desired = Desired.ACTIVE


class Lives(RuleBasedStateMachine):
    """Orders in any order, beside what must come of them."""

    plane: SandboxPlane

    def __init__(self) -> None:
        super().__init__()
        self.plane.reset()
        self.lives: dict[str, Life] = {}
        self.ended: list[Life] = []

    def post(self, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        answer = self.plane.post(path, body)
        return answer.status_code, answer.json()

    def _living(self, name: str) -> Life | None:
        """The store of this name; of one that is being purged, as long as anything is there."""
        known = self.lives.get(name)
        if known is None or known.desired is not Desired.PURGED or not self._rests(known):
            return known
        self.ended.append(self.lives.pop(name))
        return None

    def refused(self, said: tuple[int, dict[str, Any]], *codes: str) -> None:
        status, problem = said
        assert (status, problem.get("code") in codes) == (409, True), problem

    @rule(name=NAMES, country=st.sampled_from(["DE", "US", "JP"]), rate=st.integers(1, 999))
    def create(self, name: str, country: str, rate: int) -> None:
        known = self._living(name)
        said = {"name": name, "country": country, "shipping": {"flatRate": str(rate)}}
        status, answer = self.post("stores", said)
        if known is not None:
            if known.desired in KEPT_NAMES:
                self.refused((status, answer), KEPT_NAMES[known.desired])
            elif status not in {200, 202}:
                self.refused((status, answer), "store_exists_differs")
            return
        assert status == 202, answer
        store = self.plane.get(f"stores/{name}").json()
        uid = store["metadata"]["uid"]
        found = self.plane.registry.stores.with_stack(uid)
        assert found is not None
        self.lives[name] = Life(uid=uid, stack=found[1].uid, rate=str(rate))

    @rule(name=NAMES, rate=st.integers(1, 999))
    def change(self, name: str, rate: int) -> None:
        known = self._living(name)
        body = {"shipping": {"flatRate": str(rate)}}
        answer = self.plane.request("PATCH", f"stores/{name}", json=body)
        if known is None:
            assert answer.status_code == 404, answer.text
        elif known.desired in KEPT_NAMES:
            self.refused((answer.status_code, answer.json()), "wrong_state")
        elif answer.status_code in {200, 202}:
            known.rate = str(rate)
        else:
            self.refused((answer.status_code, answer.json()), "operation_in_progress")

    @rule(name=NAMES, kind=st.sampled_from(TURNS))
    def turn(self, name: str, kind: OperationKind) -> None:
        self._turn(name, kind)

    @rule(name=NAMES)
    def purge(self, name: str) -> None:
        self._turn(name, OperationKind.PURGE, {"confirm": name})

    def _turn(self, name: str, kind: OperationKind, body: Any = None) -> None:
        known = self._living(name)
        said = status, answer = self.post(f"stores/{name}/{kind}", body)
        if known is None:
            assert (status, answer["code"]) == (404, "store_not_found")
            return
        desired, _ = TARGETS[kind]
        if known.desired is desired:
            # 202 while what brings it there is under way.
            assert status in {200, 202}, answer
        elif known.desired not in SOURCES[kind]:
            self.refused(said, "wrong_state")
        elif status != 202:
            # What runs is not interrupted, but by what stops the shop.
            assert kind not in {OperationKind.SUSPEND, OperationKind.RETIRE}, answer
            self.refused(said, "operation_in_progress")
        else:
            known.desired = desired

    @rule(count=st.integers(1, 3))
    def reconcile_a_part(self, count: int) -> None:
        self.plane.settle_some(count)

    @precondition(lambda self: self.lives)
    @rule(name=NAMES)
    def lose_the_process(self, name: str) -> None:
        known = self.lives.get(name)
        held = self.plane.driver.held.get(known.stack) if known else None
        if known is not None and held is not None and held.runs is not None:
            self.plane.driver.lose(known.stack)

    @rule(
        method=st.sampled_from(["apply", "apply_secrets", "status", "stop", "delete", "inventory"])
    )
    def fail_once(self, method: str) -> None:
        self.plane.driver.fail(method, DriverFailure("process_failed", "the generator's fault"))

    @rule()
    def come_to_rest(self) -> None:
        for _ in range(12):
            self.plane.look_again()
            if all(self._rests(life) for life in self.lives.values()):
                break
        for name in list(self.lives):
            self._living(name)
        for name, life in self.lives.items():
            store = self.plane.get(f"stores/{name}").json()
            assert store["status"]["phase"] == PHASES[life.desired], store["status"]
            self._is_as_wanted(store, life)
        for life in self.ended:
            assert self.plane.driver.inventory(life.stack) == ()

    def _rests(self, life: Life) -> bool:
        store = self.plane.get(f"stores/{life.uid}").json()["status"]
        return bool(store["phase"] == PHASES[life.desired])

    def _is_as_wanted(self, store: dict[str, Any], life: Life) -> None:
        assert float(store["spec"]["shipping"]["flatRate"]) == float(life.rate)
        held = self.plane.driver.held.get(life.stack)
        if life.desired is Desired.RETIRED:
            assert held is None or held.runs is None
            return
        assert held is not None
        assert held.endpoint is not None
        assert page(held.endpoint) == (200 if life.desired is Desired.ACTIVE else 503)
        if life.desired is Desired.ACTIVE:
            assert self.plane.get(f"stores/{life.uid}/config").json()["inSync"]

    @invariant()
    def names_are_held_by_who_lives(self) -> None:
        living = {name for name in list(self.lives) if self._living(name)}
        listed = self.plane.get("stores").json()["items"]
        assert {store["metadata"]["name"] for store in listed} == living

    def teardown(self) -> None:
        self.come_to_rest()
        self.plane.check()


def page(endpoint: str) -> int:
    """The status of a shop's first page."""
    try:
        with urlopen(f"{endpoint}/", timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_life_in_any_order_ends_as_the_last_word_says(sandbox_plane: SandboxPlane) -> None:
    kind = type("Lives", (Lives,), {"plane": sandbox_plane})
    measure = settings(
        max_examples=FUZZ or 15,
        stateful_step_count=12,
        deadline=None,
        database=None,
        derandomize=not FUZZ,
        # To make a life shorter takes minutes: left to whoever looks for one.
        phases=[Phase.generate, Phase.shrink] if FUZZ else [Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(kind, settings=measure)
