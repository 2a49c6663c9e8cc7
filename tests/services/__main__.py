"""`python -m tests.services prepare [NAME…]`: fetch what the tests need beside Python."""

import sys

from tests.services.catalog import SERVICES
from tests.services.prepare import prepare

if sys.argv[1:2] != ["prepare"] or not SERVICES.keys() >= set(sys.argv[2:]):
    sys.exit(f"Usage: python -m tests.services prepare [{' '.join(SERVICES)}]")
sys.exit(prepare(sys.argv[2:]))
