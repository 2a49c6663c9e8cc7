"""Figures: one module each, measured beside their floor; `make bench` prints one object each."""
