"""The Store Controller: the control plane that sets up online shops and looks after them."""

__version__ = "0.1.0"
