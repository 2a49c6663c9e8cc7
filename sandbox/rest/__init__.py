"""The shop's REST API, shaped as the contract says; `app` mounts it under /rest."""
