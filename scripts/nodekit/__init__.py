"""A single node of real Kubernetes on this machine; `scripts.node` and `tests.node` call it."""
