"""Routes of images, the operator's: what each store runs, another image, rollouts to all."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Field

from controller.api.answers import accepted_answer, json_answer
from controller.api.deps import OnceDep, OperatorDep, ServicesDep
from controller.api.described import ALREADY, SIGNED_IN
from controller.api.inputs import Input, Text
from controller.api.resources import API_VERSION, list_json
from controller.domain.errors.inputs import UnknownEngineError
from controller.domain.images import parse_image
from controller.domain.rollouts import Rollout, rollout_to_json
from controller.services.stores import CLUSTER_ENGINES

stores = APIRouter(prefix="/stores", tags=["images"], responses=SIGNED_IN)
router = APIRouter(prefix="/images", tags=["images"], responses=SIGNED_IN)

Name = Annotated[str, Path(max_length=63, description="Name or uid of the store.")]
Id = Annotated[str, Path(max_length=60, description="Id of the rollout.")]


class ImageInput(Input):
    """An image by tag, digest, or both."""

    image: Text


class RolloutInput(ImageInput):
    """An image for every store of a software on a cluster."""

    engine: Text = CLUSTER_ENGINES[0]
    """Which software's image it is."""
    max_parallel: Annotated[int, Field(ge=1, le=100)] = 1
    """How many stores change at once."""
    max_failures: Annotated[int, Field(ge=1, le=1000)] = 1
    """At how many failures it stops."""
    dry_run: bool = False
    """Only say which stores would change."""


@stores.put("/{name}/image", status_code=202, responses=ALREADY)
def set_image(
    services: ServicesDep, scope: OperatorDep, once: OnceDep, name: Name, body: ImageInput
) -> Response:
    """Have a store run another image; the cluster must be able to fetch it first."""
    image = parse_image(body.image)
    return accepted_answer(services, services.stores.image(scope, name, image, once))


@router.get("")
def list_images(services: ServicesDep, scope: OperatorDep) -> Response:  # noqa: ARG001
    """Which image every store on a cluster runs, and which one new stores get."""
    return json_answer(
        {
            "apiVersion": API_VERSION,
            "kind": "Images",
            "default": services.stores.usual_images(),
            "items": services.stores.images(),
        }
    )


@router.post("/rollouts", status_code=202)
def start_rollout(services: ServicesDep, scope: OperatorDep, body: RolloutInput) -> Response:
    """Bring an image to every store of its software on clusters, in the order of their names."""
    image = parse_image(body.image)
    if body.engine not in CLUSTER_ENGINES:
        raise UnknownEngineError(engine=body.engine[:60], engines=", ".join(CLUSTER_ENGINES))
    rollouts = services.registry.rollouts
    if body.dry_run:
        planned = rollouts.plan(image, body.engine)
        stores_ = [{"name": turn.slug, "state": str(turn.state)} for turn in planned]
        return json_answer({"dryRun": True, "image": str(image), "stores": stores_})
    started = rollouts.start(
        scope,
        image,
        body.engine,
        max_parallel=body.max_parallel,
        max_failures=body.max_failures,
    )
    return json_answer(_shown(started), status=202)


@router.get("/rollouts")
def list_rollouts(services: ServicesDep, scope: OperatorDep) -> Response:  # noqa: ARG001
    """Every rollout, the newest first."""
    found = [_shown(item) for item in services.registry.rollouts.all()]
    return json_answer(list_json("Rollout", found, None))


@router.get("/rollouts/{rollout_id}")
def get_rollout(
    services: ServicesDep,
    scope: OperatorDep,  # noqa: ARG001
    rollout_id: Id,
) -> Response:
    """One rollout with where each store stands."""
    return json_answer(_shown(services.registry.rollouts.get(rollout_id)))


@router.post("/rollouts/{rollout_id}/stop")
def stop_rollout(services: ServicesDep, scope: OperatorDep, rollout_id: Id) -> Response:
    """Let no further store begin."""
    return json_answer(_shown(services.registry.rollouts.stop(scope, rollout_id)))


@router.post("/rollouts/{rollout_id}/resume")
def resume_rollout(services: ServicesDep, scope: OperatorDep, rollout_id: Id) -> Response:
    """Go on with one that stopped; what failed or was skipped has another turn."""
    return json_answer(_shown(services.registry.rollouts.resume(scope, rollout_id)))


def _shown(rollout: Rollout) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": "Rollout", **rollout_to_json(rollout)}
