"""A process from its settings to its end: wiring, the two homes, what a person sees first."""
