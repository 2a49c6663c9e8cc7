"""The registry shared by processes: migrations at once, a SIGKILL in the middle of a write."""

import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect

from controller.domain.tenant import Scope
from controller.registry.migrate import migrate
from controller.registry.session import Database
from tests import factories

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0
MIGRATE = """
import sys
from controller.registry.migrate import migrate
from controller.registry.session import Database
migrate(Database(sys.argv[1]))
"""
WRITE = """
import sys
from itertools import count
from controller.registry.session import Database
from tests import factories
registry = factories.registry_over(Database(sys.argv[1]))
tenant = factories.tenant(registry, "ann@example.com")
for number in count():
    factories.create(registry, tenant, f"shop-{number}")
    print(number, flush=True)
"""


def start(program: str, url: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", program, url]
    return subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_processes_that_migrate_at_once_all_succeed(database_url: str) -> None:
    running = [start(MIGRATE, database_url) for _ in range(3)]
    for process in running:
        _, errors = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, errors
    with closing(Database(database_url)) as database, database.read() as connection:
        assert {"stores", "alembic_version"} <= set(inspect(connection).get_table_names())


@pytest.mark.parametrize("after", [0.0, 0.003, 0.011])
def test_a_killed_writer_leaves_whole_stores_only(database_url: str, after: float) -> None:
    with closing(Database(database_url)) as database:
        migrate(database)
        writer = start(WRITE, database_url)
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(5)]
        # Somewhere inside of a transaction; every moment must do.
        time.sleep(after)
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.communicate(timeout=DEADLINE)[0].split()]

        registry = factories.registry_over(database)
        scope = Scope.operator()
        made = registry.operations.page(scope, limit=200)
        slugs = {operation.slug for operation in made}
        # What was acknowledged is there; at most one more was committed and not told.
        assert {f"shop-{number}" for number in told} <= slugs
        assert len(slugs) == len(made) <= len(told) + 1
        assert registry.journal.broken_link() is None
        assert len(registry.journal.latest(scope, limit=500)) == len(made)
        for operation in made:
            found = registry.stores.with_stack(operation.store)
            assert found is not None
            assert found[0].operation == operation.id
            factories.finish(registry, operation)
