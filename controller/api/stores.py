"""Routes of stores: list, create, apply, look, change, life cycle, logs."""

from functools import partial
from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.responses import Response

from controller.api import routing
from controller.api.answers import accepted_answer, json_answer
from controller.api.conditions import ExpectedDep
from controller.api.deps import After, Limit, OnceDep, ScopeDep, ServicesDep
from controller.api.described import ALREADY, SIGNED_IN
from controller.api.inputs import (
    ApplyInput,
    CreateInput,
    ExtendInput,
    PurgeInput,
    RestoreInput,
    ScaleNowInput,
    SpecInput,
)
from controller.api.patches import patched
from controller.api.resources import API_VERSION, backup_json, list_json, stack_json, store_json
from controller.api.shopcalls import ShopCallsDep
from controller.commerce.drafts import Draft, draft_of, lifetime
from controller.domain.conditions import Phase
from controller.domain.differences import leaves
from controller.domain.errors.base import Message, NotAllowedError
from controller.domain.errors.inputs import ConfirmationMissingError
from controller.domain.errors.requests import BadRequestError
from controller.domain.errors.stores import StoreDiffersError
from controller.domain.operations import OperationKind
from controller.domain.plans import Wanted
from controller.domain.store import Store, StoreSpec, iso
from controller.domain.tenant import Scope
from controller.i18n import N_
from controller.registry.advancing import Accepted
from controller.registry.stores import StoreQuery
from controller.services.adoption import Access
from controller.services.services import Services
from controller.services.stores import Owner

router = routing.router(prefix="/stores", tags=["stores"], responses=SIGNED_IN)

Name = Annotated[str, Path(max_length=100, description="Name or uid of the store.")]


@router.get("")
async def list_stores(
    services: ServicesDep,
    scope: ScopeDep,
    limit: Limit = 50,
    after: After = None,
    phase: Phase | None = None,
    tenant: Annotated[str | None, Query(max_length=40)] = None,
    label: Annotated[str | None, Query(max_length=130, description="key=value")] = None,
    search: Annotated[str | None, Query(max_length=40, description="Beginning of a name.")] = None,
    cluster: Annotated[
        str | None, Query(max_length=63, description="Where they run; the operator's to ask.")
    ] = None,
) -> Response:
    """List stores in the order of their names."""
    if cluster is not None and not scope.is_operator:
        raise NotAllowedError
    query = StoreQuery(
        limit=limit,
        after=after,
        phase=str(phase) if phase else None,
        tenant=tenant,
        label=_label(label),
        search=search,
        cluster=cluster,
    )

    def page() -> Response:
        rows = services.registry.stores.page(scope, query)
        following = rows[-1]["slug"] if len(rows) == limit else None
        return json_answer(list_json("Store", (store_json(row) for row in rows), following))

    return await services.hot(page)


def _label(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise BadRequestError((("label", Message(N_("KEY=VALUE, such as team=tea"))),))
    return key, value


@router.post("", status_code=202, responses=ALREADY)
def create_store(
    services: ServicesDep,
    scope: ScopeDep,
    once: OnceDep,
    body: CreateInput,
    dry_run: Annotated[
        bool,
        Query(alias="dryRun", description="Only say what differs; with `adopt`, in the shop."),
    ] = False,
) -> Response:
    """Accept a new store and return the operation that builds it.

    The operator can `adopt` a shop that somebody else runs: its settings become those wanted.
    """
    owner = Owner(email=body.email) if body.email else None
    draft = body.draft(body.name)
    if body.adopt is None:
        if dry_run:
            return _untried(services, scope, draft, body, owner)
        made = services.stores.create(scope, owner, draft, once, body.wish)
        return accepted_answer(services, made)
    if not scope.is_operator:
        raise NotAllowedError
    access = Access(url=body.adopt.url, token=body.adopt.access_token.get_secret_value())
    if dry_run:
        plan = services.adoption.preview(owner, draft, access)
        return json_answer({"apiVersion": API_VERSION, "kind": "Config", **plan.to_json()})
    return accepted_answer(services, services.adoption.adopt(scope, owner, draft, access, once))


def _untried(
    services: Services, scope: Scope, draft: Draft, body: CreateInput, owner: Owner | None
) -> Response:
    """What a creation would do; raises what it would raise."""
    store, spec, changes = services.stores.difference(scope, draft, body.wish, owner=owner)
    if changes:
        fields = ", ".join(name for name, _, _ in changes)
        raise StoreDiffersError(store=spec.slug, fields=fields)
    return json_answer(_diff(draft.name, store, spec, changes))


@router.put("/{name}", status_code=202, responses=ALREADY)
def apply_store(
    services: ServicesDep,
    scope: ScopeDep,
    once: OnceDep,
    expected: ExpectedDep,
    name: Name,
    body: ApplyInput,
    dry_run: Annotated[bool, Query(alias="dryRun", description="Only say what differs.")] = False,
) -> Response:
    """Create the store, or change it to this specification; 200 when nothing differs."""
    draft = body.draft(name)
    ttl = lifetime(body.ttl) if body.ttl is not None else None
    owner = Owner(email=body.email) if body.email else None
    store, spec, changes = services.stores.difference(scope, draft, body.wish, ttl, owner)
    expected.check(name, store)
    if dry_run:
        return json_answer(_diff(name, store, spec, changes))
    if store is None:
        made = services.stores.create(scope, owner, draft, once, body.wish)
        return accepted_answer(services, made)
    accepted = services.stores.change(scope, store, spec, expected=expected.generations, once=once)
    return _changed(services, scope, store, accepted)


def _diff(
    name: str, store: Store | None, spec: StoreSpec, changes: list[tuple[str, Any, Any]]
) -> dict[str, Any]:
    shown = [{"field": field, "from": old, "to": new} for field, old, new in leaves(changes)]
    if store is None:
        shown = [{"field": "name", "from": None, "to": spec.slug}]
    return {
        "apiVersion": API_VERSION,
        "kind": "Diff",
        "store": name,
        "exists": store is not None,
        "changes": shown,
    }


def _changed(
    services: ServicesDep, scope: ScopeDep, store: Store, accepted: Accepted | None
) -> Response:
    if accepted is None:
        latest = services.registry.operations.get(scope, store.operation or "")
        return accepted_answer(services, Accepted(operation=latest, new=False))
    return accepted_answer(services, accepted)


@router.get("/{name}")
async def get_store(services: ServicesDep, scope: ScopeDep, name: Name) -> Response:
    """One store by name or uid; the ETag names the version of its specification."""

    def one() -> Response:
        row, stack = services.registry.stores.resource(scope, name)
        shown = store_json(row)
        if stack is not None:
            shown["stack"] = stack_json(stack, inner=scope.is_operator)
        return json_answer(shown, headers={"ETag": f'"{row["generation"]}"'})

    return await services.hot(one)


@router.patch("/{name}", status_code=202, responses=ALREADY)
def change_store(
    services: ServicesDep,
    scope: ScopeDep,
    once: OnceDep,
    expected: ExpectedDep,
    name: Name,
    body: SpecInput,
) -> Response:
    """Change what is named (merge patch) and leave the rest; `expiresAt: null` lifts the end."""
    store = services.registry.stores.get(scope, name)
    spec = services.stores.specify(patched(draft_of(store.spec), body))
    expected.check(name, store)
    accepted = services.stores.change(scope, store, spec, expected=expected.generations, once=once)
    return _changed(services, scope, store, accepted)


def _transition(kind: OperationKind) -> Any:
    def route(services: ServicesDep, scope: ScopeDep, once: OnceDep, name: Name) -> Response:
        return accepted_answer(services, services.stores.transition(scope, name, kind, once))

    return route


for _kind, _summary in (
    (OperationKind.SUSPEND, "Close the shop to customers; the controller still reaches it."),
    (OperationKind.RESUME, "Open a suspended shop again."),
    (OperationKind.RETIRE, "Stop the shop and keep its data and name for the grace period."),
    (OperationKind.UNDELETE, "Bring a retired shop back."),
):
    router.add_api_route(
        f"/{{name}}/{_kind}",
        _transition(_kind),
        methods=["POST"],
        status_code=202,
        name=f"{_kind}_store",
        description=_summary,
        responses=ALREADY,
    )


@router.post("/{name}/scale", status_code=202, responses=ALREADY)
def scale_store(
    services: ServicesDep, scope: ScopeDep, once: OnceDep, name: Name, body: ScaleNowInput
) -> Response:
    """Change how many web servers the shop has; nothing given goes back to the plan's."""
    wanted = Wanted(min=body.min, max=body.max, now=body.now)
    return accepted_answer(services, services.stores.scale(scope, name, wanted, once))


@router.post("/{name}/extend", status_code=202, responses=ALREADY)
def extend_store(
    services: ServicesDep, scope: ScopeDep, once: OnceDep, name: Name, body: ExtendInput
) -> Response:
    """Let a store that ends by itself live longer by so much, such as `{"by": "2h"}`."""
    accepted = services.stores.extend(scope, name, lifetime(body.by), once)
    return accepted_answer(services, accepted)


@router.get("/{name}/backups")
async def list_backups(
    services: ServicesDep, scope: ScopeDep, calls: ShopCallsDep, name: Name
) -> Response:
    """The backups of a store as they are found now, newest first."""
    whose = f"{scope.tenant}/{name}"
    found = await calls.run(whose, partial(services.backups.backups, scope, name))
    return json_answer({"items": [backup_json(item) for item in found]})


@router.post("/{name}/backups", status_code=202, responses=ALREADY)
def make_backup(services: ServicesDep, scope: ScopeDep, once: OnceDep, name: Name) -> Response:
    """Have a backup made now; the shop goes on meanwhile."""
    return accepted_answer(services, services.backups.back_up(scope, name, once))


@router.post("/{name}/restores", status_code=202, responses=ALREADY)
async def restore_store(
    services: ServicesDep,
    scope: ScopeDep,
    once: OnceDep,
    calls: ShopCallsDep,
    name: Name,
    body: RestoreInput,
) -> Response:
    """Load a backup, or `latest`, over what a store has; meanwhile it is closed."""

    def accept() -> Response:
        found = services.backups.restore(scope, name, body.backup, once)
        return accepted_answer(services, found)

    # It is looked up first whether the backup is there.
    return await calls.run(f"{scope.tenant}/{name}", accept)


@router.post("/{name}/purge", status_code=202, responses=ALREADY)
def purge_store(
    services: ServicesDep, scope: ScopeDep, once: OnceDep, name: Name, body: PurgeInput
) -> Response:
    """Destroy a retired shop's data for ever; `confirm` repeats its name."""
    store = services.registry.stores.get(scope, name)
    if body.confirm != store.spec.slug:
        raise ConfirmationMissingError(store=store.spec.slug)
    kind = OperationKind.PURGE
    return accepted_answer(services, services.stores.transition(scope, name, kind, once))


@router.post("/{name}/login-link")
def login_link(services: ServicesDep, scope: ScopeDep, name: Name) -> Response:
    """Make a link that opens the shop's administration once."""
    link = services.stores.login_link(scope, name)
    return json_answer({"url": link.url, "expiresAt": iso(link.expires_at)})
