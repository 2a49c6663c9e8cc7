"""Who owns stores, and who is asking."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a member may do in a tenant."""

    OWNER = "owner"
    STAFF = "staff"


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A business: it owns stores and has members."""

    uid: str
    name: str
    owner: str
    """The owner's e-mail address."""
    country: str
    language: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whose things a registry call may see: a tenant's, or everything for the operator."""

    tenant: str | None
    actor: str
    """Who acts, for the audit: an e-mail address, a token's name or `system`."""

    @classmethod
    def operator(cls, actor: str = "operator") -> "Scope":
        """Everything."""
        return cls(tenant=None, actor=actor)

    @classmethod
    def system(cls) -> "Scope":
        """Our own loops."""
        return cls(tenant=None, actor="system")

    @property
    def is_operator(self) -> bool:
        """Whether there is no limit to one tenant."""
        return self.tenant is None
