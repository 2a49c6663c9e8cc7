"""The migrations make exactly the tables that the code uses."""

from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlmodel import SQLModel

from controller.registry.migrate import migrate
from controller.registry.session import Database
from controller.registry.tables import TenantRow, UtcDateTime, table


def test_an_upgraded_database_is_what_the_code_uses(database_url: str) -> None:
    with closing(Database(database_url)) as database:
        migrate(database)
        # A second start finds nothing to do.
        migrate(database)
        with database.read() as connection:
            options: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, SQLModel.metadata) == []
            uniques = {
                (name, tuple(unique["column_names"]))
                for name in ("tenants", "stores", "tokens")
                for unique in inspect(connection).get_unique_constraints(name)
            }
    assert uniques == {
        ("tenants", ("owner",)),
        ("stores", ("reserved_slug",)),
        ("tokens", ("digest",)),
    }


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with database.read() as connection:
        naive = datetime(2026, 1, 1)  # noqa: DTZ001 -- what is to be refused.
        kind = UtcDateTime()
        with pytest.raises(ValueError, match="naive"):
            kind.process_bind_param(naive, connection.dialect)
        assert table(TenantRow).c.created_at.type.cache_ok
