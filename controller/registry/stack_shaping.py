"""What a change of a store, or a wish for it, means for the stack that it runs on."""

from dataclasses import replace

from sqlalchemy import Connection, update

from controller.domain.addresses import further_hosts
from controller.domain.conditions import Desired
from controller.domain.errors.clusters import NotOnClusterError
from controller.domain.errors.stacks import NoBackupsError
from controller.domain.errors.stores import WrongStateError
from controller.domain.images import Image, parse_image
from controller.domain.naming import new_uid
from controller.domain.notes import Note
from controller.domain.operations import Operation, OperationKind
from controller.domain.stack import Restore, Stack, StackDesired
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.registry import operations
from controller.registry.accepting import audit_store, reshape
from controller.registry.advancing import Accepted, advance, make_way
from controller.registry.hosts import claim_hosts
from controller.registry.journal import WARNING, About, tell
from controller.registry.rows import stack_columns
from controller.registry.session import epoch_now, utcnow
from controller.registry.stores import lookup_stack
from controller.registry.tables import StackRow, table

_stacks = table(StackRow)


def shape_stack(
    connection: Connection, store: Store, *, now: int | None = None, asked: bool = False
) -> None:
    """Give a stack on a cluster the store's plan, scale and hosts, if it has others.

    `asked` has it scaled in any case, to `now` web servers at once. Raises HostTakenError.
    """
    stack = lookup_stack(connection, store.stack)
    if stack is None:
        return
    claim_hosts(connection, store, stack.spec.url)
    if stack.cluster is None:
        return
    spec, known = store.spec, stack.spec
    hosts = further_hosts(spec, known.url or "")
    resized = (spec.plan, spec.scale) != (known.plan, known.scale)
    if not (resized or asked or hosts != known.websites):
        return
    shape = replace(
        known,
        plan=spec.plan,
        scale=spec.scale,
        websites=hosts,
        rescale=asked or resized or known.rescale,
        now=now if asked or resized else known.now,
    )
    reshape(connection, replace(stack, spec=shape))


def aim_stack(
    connection: Connection, store: Store, operation: Operation, desired: StackDesired
) -> None:
    """Have a stack be something else; an image that it did not come to run is given up."""
    stack = lookup_stack(connection, store.stack)
    if stack is None:
        return
    if image := stack.spec.given_up:
        note = Note.of("ImageGivenUp", image=image, ran=stack.spec.ran)
        tell(connection, About.of(store, operation.id), note, WARNING)
    # Nor does what was to be done once outlive who asked for it.
    turned = replace(stack, spec=stack.spec.lasting().turned(utcnow()))
    version = parse_image(turned.spec.image).version if image else stack.version
    connection.execute(
        update(_stacks)
        .where(_stacks.c.uid == store.stack)
        .values(
            **stack_columns(turned),
            version=version,
            desired=str(desired),
            generation=_stacks.c.generation + 1,
            due_at=epoch_now(),
            waited_on=True,
            failures=0,
            updated_at=utcnow(),
        )
    )


def with_backups(connection: Connection, store: Store) -> Stack:
    """The stack of a store whose backups there may be; raises NoBackupsError, WrongStateError."""
    if store.desired not in {Desired.ACTIVE, Desired.SUSPENDED}:
        raise WrongStateError(store=store.spec.slug, state=str(store.desired))
    stack = lookup_stack(connection, store.stack)
    if stack is None or stack.cluster is None:
        raise NoBackupsError(store=store.spec.slug)
    return stack


def wishing(stack: Stack, operation: Operation) -> Stack:
    """The stack with what an operation wants done once; tried again it is another run."""
    if operation.kind is OperationKind.BACKUP:
        return replace(stack, spec=replace(stack.spec.lasting(), backup=new_uid()))
    restore = Restore(backup=str(operation.result["backup"]), run=new_uid())
    return replace(stack, spec=replace(stack.spec.lasting(), restore=restore))


def set_image(connection: Connection, scope: Scope, store: Store, image: Image) -> Accepted:
    """Have a store's stack run an image, as `Intents.image` says."""
    stack = lookup_stack(connection, store.stack)
    if stack is None or stack.cluster is None:
        raise NotOnClusterError(store=store.spec.slug)
    if store.desired not in {Desired.ACTIVE, Desired.SUSPENDED}:
        raise WrongStateError(store=store.spec.slug, state=str(store.desired))
    latest = operations.lookup(connection, store.operation)
    if stack.spec.image == str(image) and latest is not None and not _refused(stack, latest):
        return Accepted(operation=latest, new=False)
    make_way(connection, store)
    changed = replace(store, generation=store.generation + 1)
    note = Note.of("ImageAccepted", image=str(image))
    operation = advance(connection, changed, OperationKind.IMAGE, note)
    shape = replace(stack.spec, image=str(image), untried=True)
    reshape(connection, replace(stack, version=image.version, spec=shape))
    audit_store(
        connection,
        scope,
        changed,
        "store.image",
        before={"image": stack.spec.image},
        after={"image": str(image)},
    )
    return Accepted(operation=operation, new=True)


def _refused(stack: Stack, latest: Operation) -> bool:
    """Whether an image is wanted already and did not come to run."""
    return bool(stack.spec.given_up) and not latest.open
