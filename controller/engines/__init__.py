"""Engines: knowledge of shop software. One module per engine, and what they share."""
