"""The one tree of errors: each has a stable code, a cause a person understands and a next action.

Three boundaries turn them into something else, once each: `reconciler.outcome.attempt()`,
`api.errors` (problem+json) and `cli.output` (a sentence and an exit code).

    StoreControllerError
    ├── InvalidInputError     422, exit 2   the payload cannot be accepted
    ├── NotAuthenticatedError 401, exit 4
    ├── NotAllowedError       403, exit 4
    ├── NotFoundError         404, exit 3   also for what belongs to another tenant
    ├── ConflictError         409, exit 5   the payload is fine, the state of the world is not
    ├── LimitError            429, exit 6   quota or rate; carries retry_after
    ├── UnavailableError      503, exit 1   a part of the control plane is down or full
    ├── TransientError        a step meets this: the reconciler waits and tries again
    └── PermanentError        a step meets this: the operation fails

Each family of things has a module; `base` has the roots. All are loaded with this package, so that
`base.by_code` knows every one.
"""

from controller.domain.errors import (
    base,
    clusters,
    inputs,
    orders,
    platform,
    rates,
    requests,
    shops,
    stacks,
    stores,
)

__all__ = [
    "base",
    "clusters",
    "inputs",
    "orders",
    "platform",
    "rates",
    "requests",
    "shops",
    "stacks",
    "stores",
]
