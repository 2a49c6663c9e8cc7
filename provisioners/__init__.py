"""Drivers: knowledge of the tools that make a stack real. They import nothing of ours."""
