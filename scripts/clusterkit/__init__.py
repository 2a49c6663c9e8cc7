"""Where the cluster's tools come from; `scripts.cluster_tools` and `tests.cluster` call it."""
