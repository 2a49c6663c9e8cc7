"""The shops that the contract suite runs over: a sandbox always, a live one when it is named.

`MAGENTO_URL` and `MAGENTO_TOKEN` name a live Magento with the Bridge.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import sandbox_shop
from tests.contract.client import NODES, Shop
from tests.services.plugin import LIVE as MAGENTO
from tests.services.plugin import NOT_TESTED

LIVE = os.environ.get("MAGENTO_URL", "")
NAMES = ["sandbox", MAGENTO] if LIVE else ["sandbox"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Account for what a live shop would have been asked."""
    over_shops = [one for one in items if "shop" in getattr(one, "fixturenames", ())]
    here = [one.nodeid for one in over_shops if one.path.parent == Path(__file__).parent]
    if here and not LIVE:
        config.stash[NOT_TESTED].setdefault(MAGENTO, set()).update(here)


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Keep other test processes away from a shop: there is only one of it."""
    name = f"contract-{hashlib.sha256(url.encode()).hexdigest()[:12]}.lock"
    with (Path(tempfile.gettempdir()) / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module", params=NAMES)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Give a shop with the suite's own website in it."""
    if request.param == MAGENTO:
        url = LIVE.rstrip("/")
        with alone(url), Shop(MAGENTO, url, os.environ["MAGENTO_TOKEN"]) as live:
            live.send("PUT", "/all/V1/storecontroller/topology", {"nodes": NODES})
            yield live
        return
    running = sandbox_shop.start(tmp_path_factory.mktemp("contract") / "shop")
    try:
        with Shop("sandbox", running.url, sandbox_shop.TOKEN) as made:
            made.send("PUT", "/all/V1/storecontroller/topology", {"nodes": NODES})
            yield made
        assert "Traceback" not in running.log()
    finally:
        sandbox_shop.stop(running)
