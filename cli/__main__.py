"""`python -m cli` is `storectl` where no script is installed."""

from cli.main import run

run()
