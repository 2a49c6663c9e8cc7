"""The fixtures that give tests a service, and the account of what could not be tested.

`tests/conftest.py` loads it. A test names what it needs by using a fixture, by `browser` or
`distributed`, or by `needs("postgres")`. Where that is missing the test is taken out of the run
and named at its end; in CI it fails.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.services import postgres, redis
from tests.services.catalog import SERVICES
from tests.services.postgres import PostgresServer
from tests.services.processes import Processes
from tests.services.redis import RedisServer

FIXTURES = {
    "postgres_server": "postgres",
    "redis_server": "redis",
    "breakable_redis": "redis",
    "chromium_path": "chromium",
}
MARKS = {"browser": ("chromium",), "distributed": ("postgres", "redis")}
NOT_TESTED = pytest.StashKey[dict[str, set[str]]]()
LIVE = "magento"
"""Under this name the contract suite accounts for the shop that nobody named."""
LIVE_MISSING = "MAGENTO_URL and MAGENTO_TOKEN name none"


def needs(item: pytest.Item) -> set[str]:
    """Return the names of the services a test needs."""
    named = {service for mark in item.iter_markers("needs") for service in mark.args}
    marked = {
        name for mark, names in MARKS.items() if item.get_closest_marker(mark) for name in names
    }
    fixtures = getattr(item, "fixturenames", ())
    return named | marked | {FIXTURES[name] for name in fixtures if name in FIXTURES}


def absent(item: pytest.Item) -> list[str]:
    """Return the names of the services a test needs that are not on this machine."""
    return sorted(name for name in needs(item) if SERVICES[name].find() is None)


def pytest_configure(config: pytest.Config) -> None:
    """Begin the account."""
    config.stash[NOT_TESTED] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the tests whose service is missing; in CI they stay and fail."""
    if os.environ.get("CI"):
        return
    without = {item: missing for item in items if (missing := absent(item))}
    for item, missing in without.items():
        for name in missing:
            config.stash[NOT_TESTED].setdefault(name, set()).add(item.nodeid)
    if without:
        items[:] = [item for item in items if item not in without]
        config.hook.pytest_deselected(items=list(without))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose service is missing: this is CI, or the test was not known to need it."""
    for name in absent(item):
        pytest.fail(f"{SERVICES[name].title} is missing: {SERVICES[name].remedy}", pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's account to the process that prints it."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        account = session.config.stash[NOT_TESTED]
        output["not_tested"] = {name: sorted(tests) for name, tests in account.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over a worker's account."""
    for name, tests in getattr(node, "workeroutput", {}).get("not_tested", {}).items():
        node.config.stash[NOT_TESTED].setdefault(name, set()).update(tests)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was not tested, why, and what to do about it."""
    account = config.stash[NOT_TESTED]
    if not account:
        return
    terminalreporter.section("Not tested here", yellow=True)
    for name, tests in sorted(account.items()):
        if name == LIVE:
            terminalreporter.line(f"A live Magento: {len(tests)} tests, because {LIVE_MISSING}.")
        else:
            service = SERVICES[name]
            terminalreporter.line(
                f"{service.title}: {len(tests)} tests, because {service.reason}."
                f" Get it with: {service.remedy}"
            )
        for file in sorted({test.split("::")[0] for test in tests}):
            terminalreporter.line(f"  {file}")


@pytest.fixture(scope="session", autouse=True)
def no_process_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail the run when a process that it started is still alive at its end."""
    processes = Processes(str(tmp_path_factory.getbasetemp()))
    yield
    if left := processes.end():
        pytest.fail("The tests left processes behind:\n" + "\n".join(left), pytrace=False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give a PostgreSQL server; `database(template)` makes a fresh database on it."""
    programs = SERVICES["postgres"].find()
    if programs is None:
        pytest.fail(SERVICES["postgres"].remedy, pytrace=False)
    with postgres.running(programs) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the address of an empty PostgreSQL database of this test's own."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))],
)
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database; the test runs once on each kind we support."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('tmp_path')}/store.sqlite3"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Give a Redis server that all tests share; do not stop it, use `breakable_redis` for that."""
    program = SERVICES["redis"].find()
    if program is None:
        pytest.fail(SERVICES["redis"].remedy, pytrace=False)
    with redis.running(program) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Give the address of an empty Redis."""
    redis_server.empty()
    return redis_server.url


@pytest.fixture
def breakable_redis() -> Iterator[RedisServer]:
    """Give a Redis server of this test's own, to be killed and started again."""
    program = SERVICES["redis"].find()
    if program is None:
        pytest.fail(SERVICES["redis"].remedy, pytrace=False)
    with redis.running(program) as server:
        yield server


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Give the path of Chromium, for Playwright's `executable_path`."""
    program = SERVICES["chromium"].find()
    if program is None:
        pytest.fail(SERVICES["chromium"].remedy, pytrace=False)
    return str(program)


@pytest.fixture(scope="session")
def chromium_arguments() -> list[str]:
    """Give the arguments Chromium needs here: it refuses its sandbox to root."""
    return ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []
