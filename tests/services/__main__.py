"""`python -m tests.services prepare`: fetch what the tests need beside Python."""

import sys

from tests.services.prepare import prepare

if sys.argv[1:] != ["prepare"]:
    sys.exit("Usage: python -m tests.services prepare")
sys.exit(prepare())
