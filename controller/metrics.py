"""Prometheus metrics of the process; `api.health` shows them."""

from prometheus_client import Counter, Gauge, Histogram

PASSES = Counter("storectl_passes_total", "Reconciler passes.", ["kind", "ended"])
PASS_SECONDS = Histogram(
    "storectl_pass_seconds",
    "Time of a reconciler pass.",
    ["kind"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
PASSES_SLOW = Gauge("storectl_passes_slow", "Passes that have lasted for more than two minutes.")
DUE = Gauge("storectl_due_subjects", "Subjects that were due at the last sweep.")
STORES = Gauge("storectl_stores", "Stores by phase.", ["phase"])
STORES_UNWATCHED = Gauge(
    "storectl_stores_unwatched", "Stores whose look has been due for over a minute."
)
OPERATIONS_OPEN = Gauge("storectl_operations_open", "Operations accepted and not finished.")
HTTP_SECONDS = Histogram(
    "storectl_http_request_seconds",
    "Time of an HTTP request.",
    ["method", "route", "status"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
MAILS = Counter("storectl_mails_total", "Mails by outcome.", ["outcome"])
RATE_PUSHES = Counter("storectl_rate_pushes_total", "Exchange rates sent, by outcome.", ["state"])
