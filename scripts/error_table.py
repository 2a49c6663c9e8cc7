"""Prints docs/errors.md from the tree of errors: `python -m scripts.error_table`."""

import sys

from controller.domain import jsontext, ratefiles, yamltext
from controller.domain.errors.base import StoreControllerError, by_code
from controller.web import session

HEAD = """# Errors

Every error has a stable code, a cause and a next action; the API answers it as problem+json with
the status, `storectl` ends with the exit code. `%(name)s` stands for what the error is about. Made
by `python -m scripts.error_table`.

| code | status | exit | cause | next action |
|---|---|---|---|---|
"""


def table() -> str:
    """The document."""
    # Imported for the errors that they add to the tree.
    beside = (
        session.FormExpiredError,
        jsontext.JsonTwiceError,
        ratefiles.RateFileError,
        yamltext.YamlError,
    )
    known = {kind.code for kind in beside} | set(by_code())
    rows = [_row(by_code()[code]) for code in sorted(known) if _served(by_code()[code])]
    return HEAD + "\n".join(rows) + "\n"


def _served(kind: type[StoreControllerError]) -> bool:
    return kind.__module__.startswith("controller.")


def _row(kind: type[StoreControllerError]) -> str:
    return f"| `{kind.code}` | {kind.status} | {kind.exit_code} | {kind.cause} | {kind.action} |"


if __name__ == "__main__":
    sys.stdout.write(table())
