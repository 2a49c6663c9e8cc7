"""What the operator sets of the magento chart's values: for the platform, a cluster, a plan.

The plan's file (`templates/plans`) says sizes; over it lie the platform's values, the cluster's,
and those of the plan, the later the stronger. Each document is checked against the chart's own
schema before it is kept, so that nothing wrong is met by helm only.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import fastjsonschema

from controller.domain.clusters import GIVEN, ClusterSpec, cluster_spec_to_json
from controller.domain.errors.base import InvalidInputError, Message
from controller.domain.errors.clusters import ValuesUnusableError
from controller.domain.images import Image, parse_image
from controller.domain.plans import Plan
from controller.domain.yamltext import YamlError, load
from controller.engines.beside import OURS_ALONE
from controller.engines.beside import problems as beside_the_chart
from controller.i18n import N_

CHARTS: Final = Path(__file__).resolve().parents[2] / "helm"
OURS: Final = frozenset(
    {"store", "existingSecret", "websites", "storefront", "stopped", "restore", "serviceAccount"}
)
"""What each store's values say themselves."""
_OURS_OF_INSTALL: Final = frozenset({"enabled", "baseUrl", "language", "currency", "timezone"})
Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PlatformValues:
    """The operator's values for every cluster, and for each plan."""

    everywhere: Values = field(default_factory=dict)
    plans: Mapping[str, Values] = field(default_factory=dict)

    def documents(self, cluster: ClusterSpec) -> list[tuple[str, Values]]:
        """Each document that counts on a cluster, the plans' by their own names."""
        plans = [(f"plan {plan}", {f"[{plan}]": said}) for plan, said in self.plans.items()]
        return [("platform", self.everywhere), (f"cluster {cluster.name}", cluster.values), *plans]

    def over(self, cluster: ClusterSpec, plan: Plan) -> list[tuple[str, Values]]:
        """Each document with where it is from, the strongest last."""
        return [
            ("platform", self.everywhere),
            (f"cluster {cluster.name}", cluster.values),
            (f"plan {plan}", self.plans.get(plan, {})),
        ]


def given(platform: PlatformValues, cluster: ClusterSpec) -> dict[str, Any]:
    """What releases on a cluster are made of beside their stacks, as JSON has it."""
    said = cluster_spec_to_json(cluster)
    made = {
        "cluster": {key: said[key] for key in GIVEN},
        "everywhere": platform.everywhere,
        "plans": platform.plans,
    }
    found: dict[str, Any] = json.loads(json.dumps(made, default=str))
    return found


def read_platform(path: str) -> PlatformValues:
    """Read a YAML file with `values` and `plans`; raises ValuesUnusableError."""
    if not path:
        return PlatformValues()
    try:
        found = load(Path(path).read_text(encoding="utf-8"), numbers=True) or {}
    except (OSError, UnicodeError) as error:
        raise _unusable(
            [(path, error.strerror if isinstance(error, OSError) else str(error))]
        ) from error
    except YamlError as error:
        raise _unusable([(path, error.cause % error.params)]) from error
    if not isinstance(found, dict) or set(found) - {"values", "plans"}:
        raise _unusable([(path, "values and plans, and nothing else")])
    if not isinstance(found.get("plans") or {}, dict):
        raise _unusable([(f"{path}: plans", "names of plans with values")])
    platform = PlatformValues(everywhere=found.get("values") or {}, plans=found.get("plans") or {})
    problems = [*_problems(platform.everywhere, f"{path}: values", files=True)]
    for plan, values in platform.plans.items():
        if plan not in set(Plan):
            problems.append((f"{path}: plans", f"no plan: {plan}"))
        problems += _problems(values, f"{path}: plans.{plan}", files=True)
    if problems:
        raise _unusable(problems)
    return platform


def _unusable(problems: Sequence[tuple[str, str | None]]) -> ValuesUnusableError:
    """Each place with what is wrong there, in one line: who starts a process reads no list."""
    said = "; ".join(f"{place}: {told}" for place, told in problems)
    errors = tuple((place, told or "") for place, told in problems)
    return ValuesUnusableError(errors, problems=said[:1000])


def check_values(values: Values) -> None:
    """Raise InvalidInputError unless a cluster may have these values."""
    if problems := tuple(_problems(values, "values")):
        raise InvalidInputError(errors=problems)


def merged(base: Values, over: Values) -> dict[str, Any]:
    """Lay one document over another; lists and plain values are replaced."""
    found = dict(base)
    for key, value in over.items():
        known = found.get(key)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        found[key] = merged(known, value) if both else value  # type: ignore[arg-type]
    return found


def for_chart(engine: str, values: Values, *, but: Collection[str] = ()) -> dict[str, Any]:
    """What a software's chart knows of values that are the magento chart's."""
    known = _known(values, _schema(engine))
    return {key: value for key, value in known.items() if key not in but}


def _known(values: Values, schema: Values) -> dict[str, Any]:
    properties = schema.get("properties") or {}
    found = {}
    for key, value in values.items():
        inner = properties.get(key)
        if inner is not None:
            deeper = isinstance(value, Mapping) and "properties" in inner
            found[key] = _known(value, inner) if deeper else value
    return found


def image_in(engine: str, documents: list[tuple[str, Values]]) -> Image | None:
    """The store image that the strongest document with one names; the values are Magento's."""
    if engine != "magento":
        return None
    for _, values in reversed(documents):
        said = values.get("image") or {}
        if said.get("repository"):
            tag, digest = said.get("tag") or "", said.get("digest") or ""
            image = Image(repository=said["repository"], tag=tag, digest=digest)
            return parse_image(str(image))
    return None


def effective(documents: list[tuple[str, Values]]) -> list[dict[str, Any]]:
    """Every value that is in force, with where it is from."""
    found: dict[str, dict[str, Any]] = {}
    for origin, values in documents:
        for path, value in _leaves(values):
            found[path] = {"path": path, "value": value, "from": origin}
    return [found[path] for path in sorted(found)]


def _leaves(values: Values, before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _problems(values: object, name: str, *, files: bool = False) -> Iterator[tuple[str, str]]:
    if not isinstance(values, Mapping):
        yield name, Message(N_("fields with their values, as {name: value}"))
        return
    install = values.get("install")
    ours = [key for key in values if key in OURS]
    if isinstance(install, Mapping):
        ours += [f"install.{key}" for key in install if key in _OURS_OF_INSTALL]
    for key in ours:
        yield f"{name}.{key}", Message(N_("each store's own"))
    if ours:
        return
    if wrong := [*beside_the_chart(values, name, files=files)]:
        yield from wrong
        return
    try:
        chart = {key: value for key, value in values.items() if key not in OURS_ALONE}
        _validator()(merged(_usual(), chart))
    except fastjsonschema.JsonSchemaValueException as error:
        path = ".".join(str(part) for part in error.path[1:])
        told = error.message.removeprefix(f"data.{path}" if path else "data").strip()
        yield f"{name}.{path}".rstrip("."), told


_SAMPLE: Final[Values] = {
    "store": {"uid": "01jd8v0000000000000000acme"},
    "image": {"repository": "registry.example.com/shop", "tag": "1"},
    "existingSecret": "shop-secrets",
    "websites": {"acme.example.com": ""},
    "install": {"baseUrl": "https://acme.example.com/"},
}
"""A store, for the schema wants one."""


@cache
def _schema(engine: str) -> Values:
    found: Values = json.loads((CHARTS / engine / "values.schema.json").read_text(encoding="utf-8"))
    return found


@cache
def _usual() -> Values:
    chart = load((CHARTS / "magento" / "values.yaml").read_text(encoding="utf-8"), numbers=True)
    return merged(chart, _SAMPLE)


@cache
def _validator() -> Any:
    return fastjsonschema.compile(dict(_schema("magento")))
