"""What the tests need to run, from PostgreSQL to PHP: found, fetched, started and stopped.

`make test` calls `python -m tests.services prepare`, which fetches what is missing and says so. The
fixtures in `plugin` only use what is there, and report at the end of the run what is not.
"""
