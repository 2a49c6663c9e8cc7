"""Brings a database to the newest schema. Called before anything opens the registry."""

from alembic import command
from alembic.config import Config

from controller.registry.session import WRITE_ORDER, Database
from controller.settings import ROOT


def migrate(database: Database) -> None:
    """Apply what is missing; two processes that start at once do it one after the other."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["database"] = database
    with database.alone(WRITE_ORDER + 1, seconds=300):
        command.upgrade(config, "head")
