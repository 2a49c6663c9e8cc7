"""Alembic's entry: the URL comes from `controller.bootstrap` or STORECTL_DATABASE_URL."""

from alembic import context
from sqlmodel import SQLModel

from controller.registry import tables
from controller.registry.session import Database
from controller.settings import Settings

target = SQLModel.metadata
if not tables.table(tables.StoreRow).columns:
    raise RuntimeError("the tables are not loaded")


def run(database: Database) -> None:
    """Apply the migrations in one transaction."""
    with database.write() as connection:
        context.configure(
            connection=connection,
            target_metadata=target,
            render_as_batch=database.dialect == "sqlite",
        )
        context.run_migrations()


given = context.config.attributes.get("database")
run(given or Database(Settings().effective_database_url))
