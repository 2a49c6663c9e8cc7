"""Releases of charts in a cluster: the driver, the helm program, and Helm's own records."""
