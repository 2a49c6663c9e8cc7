"""The API's reference as a page, made from the app's own OpenAPI description."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from controller.services.services import Services
from controller.web.render import Pages

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_DEEPEST: Final = 4
_SAMPLES: Final = {
    "name": "acme", "confirm": "acme", "displayName": "Acme", "country": "DE",
}  # fmt: skip
"""Values for the examples of fields that have none of their own."""

Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path, ready to be shown."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Schema]
    fields: list[Schema]
    """Fields of the body."""
    answers: list[tuple[str, str]]
    curl: str


class Reference:
    """The page."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._pages = pages

    def routes(self, router: APIRouter) -> None:
        """Add the route."""
        router.add_api_route("/api/v1/docs", self.page, methods=["GET"])

    def page(self, request: Request) -> Response:
        """All routes by their tags."""
        description = request.app.openapi()
        url = self._services.settings.url
        return self._pages.show(
            self._pages.visit(request),
            "docs.html",
            info=description["info"],
            groups=groups(description, url),
            url=url,
        )


def groups(description: Schema, url: str) -> dict[str, list[Route]]:
    """The routes of an OpenAPI description, by the first tag of each."""
    found: dict[str, list[Route]] = {}
    for path, methods in description["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                tag = (operation.get("tags") or ["other"])[0]
                route = _route(description, url, path, method, operation)
                found.setdefault(tag, []).append(route)
    return found


def _route(description: Schema, url: str, path: str, method: str, operation: Schema) -> Route:
    content = operation.get("requestBody", {}).get("content", {})
    body: Schema | None = next((kind.get("schema") for kind in content.values()), None)
    summary = operation.get("summary", "")
    answers = operation.get("responses", {})
    return Route(
        anchor=operation.get("operationId", f"{method}-{path}"),
        method=method.upper(),
        path=path,
        summary=summary,
        description=operation.get("description", "").replace("`", ""),
        parameters=[_parameter(description, item) for item in operation.get("parameters", [])],
        fields=list(_fields(description, body)) if body else [],
        answers=[(code, answer.get("description", "")) for code, answer in answers.items()],
        curl=_curl(description, url + path, method, body),
    )


def _resolve(description: Schema, schema: Schema) -> Schema:
    """A schema with its reference followed; of alternatives, the first that is not null."""
    while True:
        if "$ref" in schema:
            node: Any = description
            for key in schema["$ref"].removeprefix("#/").split("/"):
                node = node[key]
            schema = node
        elif "anyOf" in schema:
            kinds = [item for item in schema["anyOf"] if item.get("type") != "null"]
            schema = {**{k: v for k, v in schema.items() if k != "anyOf"}, **kinds[0]}
        else:
            return schema


def _kind(description: Schema, schema: Schema) -> str:
    """What kind of value a schema asks for, in a few words."""
    found = _resolve(description, schema)
    if "enum" in found:
        return " | ".join(str(item) for item in found["enum"])
    if found.get("type") == "array":
        return f"[{_kind(description, found.get('items', {}))}]"
    return str(found.get("format") or found.get("type", ""))


def _parameter(description: Schema, item: Schema) -> Schema:
    schema = item.get("schema", {})
    return {
        "name": item["name"],
        "place": item["in"],
        "required": item.get("required", False),
        "kind": _kind(description, schema),
        "text": (item.get("description") or schema.get("description") or "").replace("`", ""),
    }


def _fields(description: Schema, schema: Schema, prefix: str = "") -> Iterator[Schema]:
    found = _resolve(description, schema)
    for name, field in found.get("properties", {}).items():
        inner = _resolve(description, field)
        yield {
            "name": prefix + name,
            "required": name in found.get("required", []),
            "kind": _kind(description, field),
            "text": (field.get("description") or inner.get("description") or "").replace("`", ""),
        }
        if "properties" in inner and prefix.count(".") < _DEEPEST:
            yield from _fields(description, inner, f"{prefix}{name}.")


def _example(description: Schema, schema: Schema) -> Any:
    found = _resolve(description, schema)
    for key in ("example", "default", "const"):
        if found.get(key) is not None:
            return found[key]
    if found.get("examples"):
        return found["examples"][0]
    if "enum" in found:
        return found["enum"][0]
    kind = found.get("type")
    if kind == "object":
        wanted = found.get("required") or list(found.get("properties", {}))[:1]
        fields = found.get("properties", {})
        return {
            name: _SAMPLES.get(name) or _example(description, fields[name])
            for name in wanted
            if name in fields
        }
    return {"array": [], "integer": 1, "number": 1, "boolean": True}.get(str(kind), "…")


def _curl(description: Schema, url: str, method: str, body: Schema | None) -> str:
    parts = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    lines = [" ".join([*parts, shlex.quote(url) if "{" in url else url])]
    lines.append('-H "Authorization: Bearer $STORECTL_TOKEN"')
    if body is not None:
        lines.append('-H "Content-Type: application/json"')
        example = json.dumps(_example(description, body), ensure_ascii=False)
        lines.append(f"-d {shlex.quote(example)}")
    return " \\\n  ".join(lines)
