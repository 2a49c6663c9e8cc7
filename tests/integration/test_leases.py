"""A lease is held by one worker at a time, on each kind of database."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from controller.domain.errors.base import StoreControllerError
from controller.registry.leases import Kind, Leases, Queue, Ref, WorkerRegistry, holds
from controller.registry.migrate import migrate
from controller.registry.session import WRITE_ORDER, Database
from tests.integration.cluster import until

REF = Ref(kind=Kind.STACK, uid="contended")

TENANT = """
INSERT INTO tenants (uid, name, owner, country, language, created_at)
VALUES ('t', 'T', 't@example.com', 'DE', 'en', now())
"""
QUIET = """
INSERT INTO stacks (uid, tenant_uid, engine, version, driver, desired, generation,
                    observed_generation, conditions, due_at, waited_on, failures,
                    created_at, updated_at)
VALUES (:uid, 't', 'sandbox', '1', 'process', 'running', 1, 1, '[]', 0, false, 0, now(), now())
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    migrate(database)
    yield database
    database.close()


def test_a_lease_that_is_held_is_not_given_away(database: Database) -> None:
    one, two = (Leases(database, holder=name, seconds=60) for name in ("one", "two"))
    lease = one.acquire(REF)
    assert lease is not None
    assert two.acquire(REF) is None
    assert one.acquire(REF) is None
    one.release(lease)
    assert two.acquire(REF) is not None


def test_a_lease_that_ran_out_is_taken_over_and_its_old_token_is_worthless(
    database: Database,
) -> None:
    one = Leases(database, holder="one", seconds=0.05)
    two = Leases(database, holder="two", seconds=60)
    old = one.acquire(REF)
    assert old is not None
    new = until(lambda: two.acquire(REF), "the lease of a worker that is gone", 5)
    with database.write() as connection:
        assert not holds(connection, old)
        assert holds(connection, new)
    one.renew([old])
    one.release(old)
    with database.write() as connection:
        assert holds(connection, new)


def test_of_many_that_want_one_lease_at_once_one_has_it(database: Database) -> None:
    inside = threading.Lock()
    taken, wrong = [], []

    def work(name: str) -> None:
        leases = Leases(database, holder=name, seconds=60)
        for _ in range(60):
            lease = leases.acquire(REF)
            if lease is None:
                continue
            taken.append(name)
            if inside.acquire(blocking=False):
                with database.write() as connection:
                    database.in_order(connection)
                    if not holds(connection, lease):
                        wrong.append(name)
                inside.release()
            else:
                wrong.append(name)
            leases.release(lease)

    threads = [threading.Thread(target=work, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken
    assert not wrong


def test_workers_are_there_while_they_say_so(database: Database) -> None:
    presence = WorkerRegistry(database, seconds=60)
    assert not presence.anybody()
    presence.announce("one")
    assert presence.anybody()
    presence.leave("one")
    assert not presence.anybody()
    WorkerRegistry(database, seconds=0.05).announce("two")
    until(lambda: not presence.anybody(), "the end of a worker that said no good-bye", 5)


def test_a_process_that_stops_inside_a_transaction_does_not_stop_the_others(
    postgres_url: str,
) -> None:
    sleeper, other = Database(postgres_url), Database(postgres_url)
    asleep, awake = threading.Event(), threading.Event()
    ended: list[StoreControllerError] = []

    def sleep() -> None:
        try:
            with sleeper.write() as connection:
                sleeper.in_order(connection)
                asleep.set()
                awake.wait(30)
                sleeper.now(connection)
        except StoreControllerError as error:
            ended.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    assert asleep.wait(10)
    # Waits less long than a lock is waited for; otherwise this raises DatabaseBusyError.
    with other.write() as connection:
        other.in_order(connection)
    awake.set()
    thread.join()
    assert [error.status for error in ended] == [503]
    sleeper.close()
    other.close()


def test_a_lock_that_is_held_too_long_is_a_busy_database(postgres_url: str) -> None:
    database = Database(postgres_url)
    lock = WRITE_ORDER + 9
    with (
        database.alone(lock, seconds=1),
        pytest.raises(StoreControllerError) as refused,
        database.alone(lock, seconds=1),
    ):
        pytest.fail("two held one lock")
    assert refused.value.code == "database_busy"
    # The lock and its limit went with the connection.
    with database.alone(lock, seconds=1):
        database.ping()
    database.close()


def test_two_workers_are_given_different_quiet_subjects(postgres_url: str) -> None:
    database = Database(postgres_url)
    migrate(database)
    with database.write() as connection:
        connection.execute(text(TENANT))
        connection.execute(text(QUIET), [{"uid": f"stack-{n:02}"} for n in range(40)])
    one, two = Queue(database), Queue(database)
    first, second = one.due(25), two.due(100)
    assert len(first) == 25
    assert len(second) == 15
    assert not set(first) & set(second)
    assert not one.due(100)
    # Somebody waits for it now: whoever takes the lease first looks at it.
    with database.write() as connection:
        woken = "UPDATE stacks SET waited_on = true, due_at = 0 WHERE uid = 'stack-07'"
        connection.execute(text(woken))
    waited = [Ref(kind=Kind.STACK, uid="stack-07")]
    assert one.due(100) == two.due(100) == waited
    database.close()
