"""What a cluster's API server can answer instead of what was asked for, one class per kind."""

import json
from collections.abc import Mapping
from datetime import datetime

from provisioners.base import DriverFailure


class ClusterError(DriverFailure):
    """The cluster could not do it."""

    code_name = "cluster_failed"
    passes = True

    def __init__(self, detail: str, *, retry_after: float = 0.0) -> None:
        super().__init__(
            self.code_name, detail[:500], transient=self.passes, retry_after=retry_after
        )


class ClusterConfigError(ClusterError):
    """The kubeconfig cannot be used."""

    code_name = "cluster_config"
    passes = False


class UnreachableError(ClusterError):
    """Nothing answers."""

    code_name = "cluster_unreachable"

    def __init__(self, since: datetime, detail: str) -> None:
        super().__init__(f"unreachable since {since:%Y-%m-%dT%H:%M:%SZ}: {detail}")
        self.since = since


class StreamCutError(ClusterError):
    """An answer that comes in pieces ended in the middle."""

    code_name = "cluster_cut"


class NotFoundError(ClusterError):
    """404: it is not there."""

    code_name = "cluster_not_found"


class ConflictError(ClusterError):
    """409: it exists already, or somebody changed it at the same time."""

    code_name = "cluster_conflict"


class GoneError(ClusterError):
    """410: the place in the list or watch is too old."""

    code_name = "cluster_gone"


class BusyError(ClusterError):
    """429: the server wants to be left alone for a moment."""

    code_name = "cluster_busy"


class FaultError(ClusterError):
    """5xx: the server's own fault."""

    code_name = "cluster_fault"


class ForbiddenError(ClusterError):
    """401 or 403: our account may not; an operator can change that."""

    code_name = "cluster_forbidden"


class QuotaError(ClusterError):
    """403 of the admission: the namespace has no room for it."""

    code_name = "quota_exceeded"


class TerminatingError(ClusterError):
    """403 of the admission: the namespace is on its way out. Or it does not get there."""

    code_name = "namespace_terminating"


class RefusedError(ClusterError):
    """Any other 4xx: what was sent will never be accepted."""

    code_name = "cluster_refused"
    passes = False


class StrangerError(ClusterError):
    """A thing has the name that ours would have, and is somebody else's."""

    code_name = "not_ours"
    passes = False


_BY_STATUS: Mapping[int, type[ClusterError]] = {
    401: ForbiddenError,
    403: ForbiddenError,
    404: NotFoundError,
    408: FaultError,
    409: ConflictError,
    410: GoneError,
    429: BusyError,
}


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ClusterError:
    """The error that an answer stands for."""
    error = _error_of(status, headers, body)
    error.answer = status
    return error


def _error_of(status: int, headers: Mapping[str, str], body: bytes) -> ClusterError:
    detail = _message(body) or f"HTTP {status}"
    try:
        wait = max(0.0, float(headers.get("Retry-After", "0")))
    except ValueError:
        wait = 0.0
    if status == 403 and "exceeded quota" in detail:
        return QuotaError(detail)
    if status in {403, 409} and "being terminated" in detail:
        return TerminatingError(detail)
    fallback = FaultError if status >= 500 else RefusedError
    return _BY_STATUS.get(status, fallback)(detail, retry_after=wait)


def _message(body: bytes) -> str:
    """The words of a Status object, or the start of whatever came instead."""
    try:
        status = json.loads(body)
    except ValueError:
        return body[:200].decode(errors="replace").strip()
    return str(status.get("message", "")) if isinstance(status, dict) else ""
