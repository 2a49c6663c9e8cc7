"""Notifying never makes its caller wait, whatever the broker does."""

import threading
import time
from collections.abc import Iterator

import pytest

from controller.jobs.wakeup import BrokerNotifier
from controller.registry.leases import Kind, Ref


class Broker:
    """A broker that hangs or fails on demand, and remembers what arrived."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.asked = 0
        self.down = False
        self.answers = threading.Event()
        self.answers.set()
        self._changed = threading.Condition()

    def notify(self, ref: Ref) -> None:
        self.answers.wait(10)
        with self._changed:
            self.asked += 1
            if not self.down:
                self.arrived.append(ref.uid)
            self._changed.notify_all()
        if self.down:
            raise ConnectionError("refused")

    def until(self, asked: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.asked >= asked, timeout=5)


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.answers.set()


def ref(uid: str) -> Ref:
    return Ref(kind=Kind.STORE, uid=uid)


def test_hints_arrive_in_order(broker: Broker) -> None:
    notifier = BrokerNotifier(broker.notify)
    for number in range(5):
        notifier(ref(str(number)))
    notifier.close()
    assert broker.arrived == ["0", "1", "2", "3", "4"]


def test_a_broker_that_hangs_makes_nobody_wait_and_what_waits_is_bounded(broker: Broker) -> None:
    notifier = BrokerNotifier(broker.notify, waiting=10)
    broker.answers.clear()
    began = time.perf_counter()
    for number in range(1000):
        notifier(ref(str(number)))
    assert time.perf_counter() - began < 1.0
    broker.answers.set()
    notifier.close()
    assert 10 <= len(broker.arrived) <= 11


def test_after_a_failure_nothing_is_tried_until_the_pause_is_over(broker: Broker) -> None:
    broker.down = True
    notifier = BrokerNotifier(broker.notify, pause=0.3)
    notifier(ref("first"))
    broker.until(asked=1)
    deadline = time.monotonic() + 5
    while not notifier.silent and time.monotonic() < deadline:
        time.sleep(0.001)
    for _ in range(100):
        notifier(ref("dropped"))
    while notifier.silent:
        time.sleep(0.01)
    assert broker.asked == 1
    broker.down = False
    notifier(ref("again"))
    broker.until(asked=2)
    notifier.close()
    assert broker.arrived == ["again"]
