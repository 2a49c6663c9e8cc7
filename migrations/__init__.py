"""Alembic migrations: dated, additive; `controller.registry.migrate` applies them."""
