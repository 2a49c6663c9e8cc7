"""The sandbox shop: a small but honest online shop in one process.

Demonstrations and pipelines run against it. It is a program of its own: it imports nothing of the
control plane, and is spoken to over HTTP only.
"""

VERSION = "0.1.0"
