#!/opt/venv/bin/python
"""Waits until the registry has this image's schema, or a newer one: pods of the chart begin so.

`await-schema` waits until it is so; `await-schema --once` looks and ends with 0 or 1. Migrations
only add, so an older image serves over a newer schema: after a rollback nobody waits for ever.
"""

import sys
import time

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from controller.domain.errors.base import StoreControllerError
from controller.registry.session import Database
from controller.settings import ROOT, Settings

PAUSE_SECONDS = 2.0


def missing(database: Database) -> str:
    """Why the schema is not there yet; empty when it is."""
    script = ScriptDirectory(str(ROOT / "migrations"))
    try:
        with database.read() as connection:
            current = set(MigrationContext.configure(connection).get_current_heads())
    except (StoreControllerError, SQLAlchemyError) as error:
        return f"the database does not answer ({type(error).__name__})"
    known = {revision.revision for revision in script.walk_revisions()}
    if current - known or (current and current >= set(script.get_heads())):
        return ""
    return f"the schema is {', '.join(current) or 'empty'}, not {', '.join(script.get_heads())}"


def main() -> int:
    """Wait, or look once."""
    database = Database(Settings().database_url)
    told = ""
    while reason := missing(database):
        if reason != told:
            sys.stderr.write(f"Waiting: {reason}\n")
            told = reason
        if "--once" in sys.argv[1:]:
            return 1
        time.sleep(PAUSE_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
