"""Businesses and their members."""

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from controller.domain.errors.stores import TenantNotFoundError
from controller.domain.naming import new_uid
from controller.domain.tenant import Role, Scope, Tenant
from controller.registry.journal import audit
from controller.registry.rows import tenant_of
from controller.registry.session import Database, utcnow
from controller.registry.tables import MemberRow, TenantRow, table

_tenants = table(TenantRow)
_members = table(MemberRow)


class Tenants:
    """Finding and adding tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure(self, scope: Scope, *, owner: str, name: str, country: str, language: str) -> Tenant:
        """The tenant whose owner has this (normalised) address, made when there is none."""
        return self.of_owner(owner) or self._add(scope, owner, name, country, language)

    def of_owner(self, email: str) -> Tenant | None:
        """The tenant whose owner has this address."""
        query = select(_tenants).where(_tenants.c.owner == email)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return tenant_of(row) if row else None

    def _add(self, scope: Scope, owner: str, name: str, country: str, language: str) -> Tenant:
        tenant = Tenant(
            uid=new_uid(),
            name=name,
            owner=owner,
            country=country,
            language=language,
            created_at=utcnow(),
        )
        values = {
            "uid": tenant.uid,
            "name": name,
            "owner": owner,
            "country": country,
            "language": language,
            "created_at": tenant.created_at,
        }
        try:
            with self._database.write() as connection:
                self._database.in_order(connection)
                connection.execute(insert(_tenants).values(values))
                connection.execute(
                    insert(_members).values(
                        tenant_uid=tenant.uid,
                        email=owner,
                        role=str(Role.OWNER),
                        created_at=tenant.created_at,
                    )
                )
                audit(
                    connection,
                    scope,
                    tenant=tenant.uid,
                    action="tenant.create",
                    subject=f"tenant:{tenant.uid}",
                    after={"name": name, "owner": owner, "country": country},
                )
        except IntegrityError:
            # The same owner signed up twice at once: the other one won.
            found = self.of_owner(owner)
            if found is None:
                raise
            return found
        return tenant

    def get(self, scope: Scope, uid: str) -> Tenant:
        """One tenant in scope; raises TenantNotFoundError."""
        query = select(_tenants).where(_tenants.c.uid == uid)
        if scope.tenant is not None:
            query = query.where(_tenants.c.uid == scope.tenant)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise TenantNotFoundError(tenant=uid)
        return tenant_of(row)

    def page(self, scope: Scope, *, limit: int, after: str | None) -> list[Tenant]:
        """Tenants in scope by uid, at most `limit`, after the uid `after`."""
        query = select(_tenants).order_by(_tenants.c.uid).limit(limit)
        if after:
            query = query.where(_tenants.c.uid > after)
        if scope.tenant is not None:
            query = query.where(_tenants.c.uid == scope.tenant)
        with self._database.read() as connection:
            return [tenant_of(row) for row in connection.execute(query).mappings()]
