"""The HTTP API: routes, their inputs and resources. Everything it does goes through `services`."""
