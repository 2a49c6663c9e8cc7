"""What the API, the pages and the demonstration store do alike: check, accept, wake a worker."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.commerce.drafts import Draft, draft_of, specify
from controller.commerce.languages import remarks
from controller.domain.clusters import Wish
from controller.domain.errors.base import InvalidInputError, Message, NotAllowedError
from controller.domain.errors.clusters import NotOnClusterError, StoreElsewhereError
from controller.domain.errors.inputs import EngineUnavailableError, InvalidNameError
from controller.domain.errors.stacks import ImageMissingError, OneSizeError
from controller.domain.errors.stores import (
    NameTakenError,
    NoEndError,
    NotOursError,
    StoreNotFoundError,
)
from controller.domain.images import Image, parse_image
from controller.domain.naming import check_email, check_slug
from controller.domain.notes import Note
from controller.domain.operations import Operation, OperationKind
from controller.domain.plans import PLAN_SCALES, Wanted
from controller.domain.plans import Plan as Size
from controller.domain.stack import EXTERNAL
from controller.domain.store import SAME_END, Store, StoreSpec, spec_changes
from controller.domain.tenant import Scope, Tenant
from controller.engines.abilities import Abilities
from controller.engines.base import LoginLink
from controller.i18n import N_
from controller.jobs.wakeup import Hint
from controller.reconciler.shortfalls import without_texts
from controller.reconciler.world import World
from controller.registry.accepting import Platform
from controller.registry.advancing import Accepted
from controller.registry.idempotency import IdempotencyKey
from controller.registry.leases import Kind, Ref
from controller.registry.registry import Registry
from controller.services.shops import open_shop


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose store it will be, for a tenant that may not be there yet."""

    email: str
    language: str = "en"


CLUSTER_DRIVER = "helm"
"""The driver of stacks on clusters."""
CLUSTER_ENGINES = ("magento", "sandbox")
"""The shop software that clusters run; the usual one is the first whose image is set."""
_NOBODY = "operator@localhost.localdomain"


class StoreService:
    """Accepting what people ask for, whatever door they came through."""

    def __init__(
        self, registry: Registry, world: World, driver: str, engines: Sequence[str], hint: Hint
    ) -> None:
        """`driver` runs new stacks that go to no cluster, of `engines` only."""
        self._registry = registry
        self._world = world
        self._driver = driver
        self._engines = tuple(engines)
        self._hint = hint

    def specify(self, draft: Draft, wish: Wish | None = None) -> StoreSpec:
        """A draft as a specification; raises InvalidInputError.

        The usual engine is that of the place where it would go.
        """
        usual = self._usual(draft, wish)
        others = (name for name in self._world.engines if name not in usual)
        return specify(draft, {name: self.abilities(name) for name in (*usual, *others)})

    def abilities(self, engine: str | None = None) -> Abilities:
        """What a shop software can, the usual one where none is named."""
        return self._world.engines[engine or self._usual(None, None)[0]].abilities

    def untold(self, locales: Iterable[str]) -> list[str]:
        """The languages among these that the usual shop software has no texts in, as codes."""
        engine = self._world.engines[self._usual(None, None)[0]]
        if engine.languages is None:
            return []
        return without_texts(map(engine.abilities.locale, locales), engine.languages)

    def remarks(self, operation: Operation) -> list[Note]:
        """What is otherwise than somebody said whose operation was accepted."""
        kinds = {OperationKind.CREATE, OperationKind.CHANGE, OperationKind.SCALE}
        if operation.kind not in kinds:
            return []
        found = self._registry.stores.with_stack(operation.store)
        if operation.kind is OperationKind.SCALE:
            return _fixed(found[0].spec) if found else []
        return remarks(found[0].spec, self.abilities(found[0].spec.engine)) if found else []

    def _usual(self, draft: Draft | None, wish: Wish | None) -> tuple[str, ...]:
        return self._cluster_engines() if self._on_cluster(draft, wish) else self._engines

    def _on_cluster(self, draft: Draft | None, wish: Wish | None) -> bool:
        """Whether a store goes to a cluster: it says so, or there is one for its engine."""
        if wish is not None and (wish.cluster or wish.region):
            return True
        if (
            draft is not None
            and draft.engine is not None
            and (draft.engine in self._engines or draft.engine not in CLUSTER_ENGINES)
        ):
            return False
        return self._registry.clusters.any_active()

    def _cluster_engines(self) -> tuple[str, ...]:
        engines = self._world.engines
        known = (name for name in CLUSTER_ENGINES if name in engines)
        return tuple(sorted(known, key=lambda name: not engines[name].image))

    def _platform(self, spec: StoreSpec, draft: Draft, wish: Wish | None) -> Platform:
        """Where a new store goes.

        Raises EngineUnavailableError, ImageMissingError, NotOnClusterError, OneSizeError.
        """
        clustered = self._on_cluster(draft, wish)
        engines = self._usual(draft, wish)
        if spec.engine not in engines:
            raise EngineUnavailableError(engine=spec.engine, engines=", ".join(engines))
        engine = self._world.engines[spec.engine]
        if not clustered:
            if spec.plan is not Size.STARTER or spec.scale is not None:
                raise NotOnClusterError(store=spec.slug)
            return Platform(driver=self._driver, version=engine.version)
        if not engine.image:
            raise ImageMissingError(engine=spec.engine, variable=spec.engine.upper())
        if not engine.scalable and (spec.plan is not Size.STARTER or spec.scale is not None):
            raise OneSizeError(engine=spec.engine)
        version = parse_image(engine.image).version
        return Platform(driver=CLUSTER_DRIVER, version=version, wish=wish or Wish())

    def tenant(self, scope: Scope, owner: Owner | None, spec: StoreSpec) -> Tenant:
        """The tenant that the scope or the owner's address names, made when there is none."""
        if scope.tenant is not None:
            return self._registry.tenants.get(scope, scope.tenant)
        email = owner_address(owner)
        return self._registry.tenants.ensure(
            scope,
            owner=email,
            name=spec.display_name,
            country=spec.country,
            language=owner.language if owner else "en",
        )

    def create(
        self,
        scope: Scope,
        owner: Owner | None,
        draft: Draft,
        once: IdempotencyKey | None = None,
        wish: Wish | None = None,
    ) -> Accepted:
        """Accept a new store; raises what `specify` and `Intents.create` raise.

        Where it goes, and how large it is, is the operator's to say.
        """
        known = self._known(scope, draft.name)
        if known is not None:
            # The same order again means the same shop, whatever is usual by now.
            draft = replace(draft, engine=draft.engine or known.spec.engine)
        spec = self.specify(draft, wish)
        _check_place(scope, spec, wish)

        def platform() -> Platform:
            return self._platform(spec, draft, wish)

        where = platform() if known is None else platform
        tenant = self.tenant(scope, owner, spec)
        return self.notified(self._registry.intents.create(scope, tenant, spec, where, once))

    def _known(self, scope: Scope, name: str) -> Store | None:
        try:
            return self._registry.stores.get(scope, name)
        except StoreNotFoundError:
            return None

    def change(
        self,
        scope: Scope,
        store: Store,
        spec: StoreSpec,
        *,
        expected: Collection[int] | None = None,
        once: IdempotencyKey | None = None,
    ) -> Accepted | None:
        """Accept another specification; None when nothing differs.

        Raises NotAllowedError when a tenant sizes it, NotOnClusterError and OneSizeError where
        there are no sizes.
        """
        if (spec.plan, spec.scale) != (store.spec.plan, store.spec.scale):
            self._sizable(scope, store)
        accepted = self._registry.intents.change(
            scope, store.uid, spec, expected=expected, once=once
        )
        return self.notified(accepted) if accepted else None

    def extend(
        self, scope: Scope, name: str, by: timedelta, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Let a store that ends by itself live longer by so much; a store that is over from now.

        Raises NoEndError for one that has no end, InvalidInputError beyond the longest life.
        """
        store = self._registry.stores.get(scope, name)
        end = store.spec.expires_at
        if end is None:
            raise NoEndError(store=store.spec.slug)
        draft = replace(draft_of(store.spec), expires_at=max(end, datetime.now(UTC)) + by)
        expected = (store.generation,)
        accepted = self.change(scope, store, self.specify(draft), expected=expected, once=once)
        if accepted is None:
            raise AssertionError("a later end is a change")
        return accepted

    def scale(
        self,
        scope: Scope,
        name: str,
        wanted: Wanted,
        once: IdempotencyKey | None = None,
    ) -> Accepted:
        """Accept other numbers of web servers; nothing wanted goes back to the plan's.

        Raises InvalidScaleError and what `change` raises.
        """
        if not scope.is_operator:
            raise NotAllowedError
        store = self._registry.stores.get(scope, name)
        self._sizable(scope, store)
        known = store.spec.scale or PLAN_SCALES[store.spec.plan]
        scale = None if wanted == Wanted() else wanted.over(known)
        return self.notified(
            self._registry.intents.scale(scope, store.uid, scale, wanted.now, once)
        )

    def image(
        self, scope: Scope, name: str, image: Image, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Have a store run another image; raises what `Intents.image` raises."""
        return self.notified(self._registry.intents.image(scope, name, image, once))

    def usual_images(self) -> dict[str, str]:
        """What new stores on clusters run, by engine."""
        return {name: self._world.engines[name].image for name in self._cluster_engines()}

    def images(self) -> list[dict[str, str | None]]:
        """Which image each store on a cluster runs, by name."""
        return [
            {"store": slug, "cluster": stack.cluster, "image": stack.spec.image or None}
            for slug, stack in self._registry.rollouts.placed()
        ]

    def _stays(self, store: Store, wish: Wish) -> None:
        stack = self._registry.stores.stack(store.stack)
        if stack is None or stack.cluster is None:
            raise NotOnClusterError(store=store.spec.slug)
        region = self._registry.clusters.get(stack.cluster).spec.region
        if wish.cluster not in {None, stack.cluster} or wish.region not in {None, region}:
            raise StoreElsewhereError(store=store.spec.slug, cluster=stack.cluster)

    def _sizable(self, scope: Scope, store: Store) -> None:
        if not scope.is_operator:
            raise NotAllowedError
        stack = self._registry.stores.stack(store.stack)
        if stack is None or not self._world.driver(stack).scalable:
            raise NotOnClusterError(store=store.spec.slug)
        if not self._world.engine(stack).scalable:
            raise OneSizeError(engine=stack.engine)

    def transition(
        self, scope: Scope, name: str, kind: OperationKind, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Suspend, resume, retire, undelete or purge."""
        store = self._registry.stores.get(scope, name)
        stack = self._registry.stores.stack(store.stack)
        if kind is OperationKind.SUSPEND and stack is not None and stack.driver == EXTERNAL:
            raise NotOursError(store=store.spec.slug)
        return self.notified(self._registry.intents.transition(scope, store.uid, kind, once))

    def retry(self, scope: Scope, operation_id: str) -> Operation:
        """Try a failed operation again."""
        self._registry.operations.get(scope, operation_id)
        operation = self._registry.intents.retry(scope, operation_id)
        return self.notified(Accepted(operation=operation, new=True)).operation

    def notified(self, accepted: Accepted) -> Accepted:
        """Have a worker look at stack and store at once; where that is lost, the sweep does."""
        if accepted.new:
            found = self._registry.stores.with_stack(accepted.operation.store)
            if found is not None:
                self._hint(Ref(kind=Kind.STACK, uid=found[1].uid))
                self._hint(Ref(kind=Kind.STORE, uid=found[0].uid))
        return accepted

    def login_link(self, scope: Scope, name: str) -> LoginLink:
        """A one-time link to the shop's administration; raises StackNotReadyError."""
        with open_shop(self._registry.stores, self._world, scope, name) as (_, shop):
            return shop.login_link()

    def name_problem(self, name: str) -> str | None:
        """The code of the error that a store of this name would meet; None when it is free."""
        try:
            check_slug(name)
        except InvalidNameError as error:
            return error.code
        return "name_taken" if self._registry.stores.name_taken(name) else None

    def difference(
        self,
        scope: Scope,
        draft: Draft,
        wish: Wish | None = None,
        ttl: timedelta | None = None,
        owner: Owner | None = None,
    ) -> tuple[Store | None, StoreSpec, list[tuple[str, Any, Any]]]:
        """The store of that name in scope, the specification, and what would change.

        A time to live counts from the creation, so that the same file again changes nothing.
        Raises InvalidInputError when that is over, and StoreElsewhereError when it is there in
        another place, for it does not move. Of a name that is not there yet NameTakenError,
        NotAllowedError and InvalidEmailError say that it cannot be made.
        """
        spec = self.specify(draft, wish)
        store = self._known(scope, spec.slug)
        if store is None:
            _check_place(scope, spec, wish)
            if scope.tenant is None:
                owner_address(owner)
            if self._registry.stores.name_taken(spec.slug):
                raise NameTakenError(name=spec.slug)
            empty: list[tuple[str, Any, Any]] = []
            return None, spec, empty
        if wish is not None:
            self._stays(store, wish)
        # What is not said stays: a file without an end does not lift the one there is, and one
        # without a size, which is the operator's to say, leaves the size.
        known = store.spec
        said = replace(draft, engine=draft.engine or known.engine, plan=draft.plan or known.plan)
        spec = self.specify(said)
        end = spec.expires_at or known.expires_at if ttl is None else _end(store, ttl)
        spec = replace(spec, expires_at=end, scale=spec.scale or known.scale)
        return store, spec, list(spec_changes(store.spec, spec))


def _check_place(scope: Scope, spec: StoreSpec, wish: Wish | None) -> None:
    """Where a new store goes, and how large it is, is the operator's to say."""
    sized = spec.plan is not Size.STARTER or spec.scale is not None
    if not scope.is_operator and (wish is not None or sized):
        raise NotAllowedError


def _end(store: Store, ttl: timedelta) -> datetime:
    """When a store that is there ends by this time to live; raises InvalidInputError if it has."""
    end, known = store.created_at + ttl, store.spec.expires_at
    if known is not None and abs(end - known) < SAME_END:
        return known
    if end <= datetime.now(UTC):
        told = N_("it counts from the creation and is over: name expiresAt, or extend the store")
        raise InvalidInputError((("ttl", Message(told)),))
    return end


def owner_address(owner: Owner | None) -> str:
    """The owner's address, normalised; the operator's stand-in when nobody is named."""
    return check_email(owner.email if owner else _NOBODY)


def _fixed(spec: StoreSpec) -> list[Note]:
    """That no autoscaler changes the number any more, where the plan has one."""
    fixed = spec.scale is not None and spec.scale.fixed
    return [Note.of("NumberFixed")] if fixed and not PLAN_SCALES[spec.plan].fixed else []
