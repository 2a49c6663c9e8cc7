"""Tests against a real API server; `make cluster-test` runs them, `make test` does not."""
