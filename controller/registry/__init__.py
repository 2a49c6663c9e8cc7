"""The tenant registry: all SQL and nothing but SQL. Every method is one short transaction."""
