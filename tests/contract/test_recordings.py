"""What a real Magento answered: each shop is asked the same again and must answer alike."""

import re

from tests.contract.client import Shop
from tests.contract.exchanges import Exchange, Replay, config_items, differences, exchanges

CONVERSATION = (
    "01-auth-admin-token",
    "05-bridge-topology",
    "06-bridge-config",
    "07-currency-rates",
    "08-guest-checkout",
    "09-core-writes-that-exist",
    "10-bridge-concurrency-drift",
)
# Answers that the contract improves on: a fault of the recorded server, in plain text.
IMPROVED = {("06-bridge-config", "wrong type")}
# What is not asked again: sign-in with passwords, other formats, other modules, background work.
ELSEWHERE = re.compile(
    r"/integration/admin/token|/V1/(?:bulk|modules|inventory/s|categories|cmsBlock|customers)"
    r"|/rest/async/|/V1/taxClasses"
)
# What the Bridge's token is not allowed on a Magento: it needs no stock.
NOT_ALLOWED = re.compile("/V1/inventory/")
NOT_SHOWN = frozenset({"stock_item"})
# What a sandbox does not have: class names, versions and jobs of another program.
ABSENT = frozenset(
    {"backend_model", "magento_version", "edition", "php_version", "config_files_in_sync",
     "db_up_to_date", "cron_last_finished_at", "cron_lag_seconds", "cron_pending",
     "indexers_invalid", "caches_invalid", "caches_disabled"}
)  # fmt: skip


def asked_again(exchange: Exchange, *, live: bool) -> bool:
    """Tell whether a recorded request is sent to a shop."""
    return (
        (exchange.recording, exchange.note) not in IMPROVED
        and exchange.headers["Accept"] == "application/json"
        and exchange.answer.status < 500
        and ELSEWHERE.search(exchange.path) is None
        and not (live and NOT_ALLOWED.search(exchange.path))
    )


def test_the_shop_answers_as_recorded(shop: Shop) -> None:
    live = shop.name == "magento"
    recorded = [one for name in CONVERSATION for one in exchanges(name)]
    conversation = [one for one in recorded if asked_again(one, live=live)]
    assert len(conversation) > 95
    absent = NOT_SHOWN if live else ABSENT
    faults = []
    topology = next(one for one in conversation if one.note == "create")
    shop.send("PUT", "/all/V1/storecontroller/topology", topology.body)
    with shop.restoring(config_items(conversation)):
        replay = Replay(shop, conversation)
        for exchange in conversation:
            answer = replay.send(exchange)
            if answer.status != exchange.answer.status:
                faults.append(f"{exchange.title}: {answer.status} {str(answer.body)[:200]}")
                continue
            found = differences(exchange.answer.body, answer.body, absent)
            faults += [f"{exchange.title}{one}" for one in found]
        replay.clean()
    assert not faults, "\n".join(faults)
