"""Routes anybody may read: countries and what they set, and whether a name is free."""

from typing import Annotated

from fastapi import Path, Request
from fastapi.responses import Response

from controller.api import routing
from controller.api.answers import json_answer
from controller.api.deps import ServicesDep
from controller.api.described import OPEN
from controller.commerce import countries
from controller.commerce.countries import CountryPack
from controller.commerce.languages import nearest
from controller.domain.errors.base import explain
from controller.domain.errors.inputs import UnknownCountryError
from controller.domain.naming import suggestions
from controller.engines.abilities import Abilities
from controller.i18n import LANGUAGES, negotiate, translator

router = routing.router(tags=["catalogue"], responses=OPEN)


@router.get("/countries")
def list_countries(request: Request, services: ServicesDep, lang: str | None = None) -> Response:
    """List the countries that a shop can be opened in."""
    abilities = services.stores.abilities()
    language = lang if lang in LANGUAGES else negotiate(request.headers.get("accept-language"))
    items = [{"code": code, "name": name} for code, name in countries.choices(language, abilities)]
    return json_answer({"kind": "CountryList", "items": items})


@router.get("/countries/{code}")
def get_country(services: ServicesDep, code: Annotated[str, Path(max_length=10)]) -> Response:
    """What choosing a country sets."""
    abilities = services.stores.abilities()
    if not countries.offered(code.upper(), abilities):
        raise UnknownCountryError(country=code)
    return json_answer(country_json(countries.pack(code, abilities), abilities))


def country_json(pack: CountryPack, abilities: Abilities) -> dict[str, object]:
    """A country pack; `nearest` says what is shown for languages that the shop does not have."""
    return {
        "kind": "Country",
        "code": pack.code,
        "currency": pack.currency,
        "locales": list(pack.locales),
        "nearest": nearest(pack.locales, abilities),
        "timezone": pack.timezone,
        "weightUnit": pack.weight_unit,
        "payments": [str(payment) for payment in pack.payments],
        "shipping": {"flatRate": str(pack.flat_rate)},
        "pricesIncludeTax": pack.prices_include_tax,
    }


@router.get("/names/{name}")
def check_name(
    request: Request, services: ServicesDep, name: Annotated[str, Path(max_length=300)]
) -> Response:
    """Whether a store of this name could be made now."""
    code = services.stores.name_problem(name)
    language = negotiate(request.headers.get("accept-language"))
    message = None
    if code is not None:
        message = explain(code, {"name": name}, translator(language).gettext).message
    return json_answer(
        {
            "kind": "Name",
            "name": name,
            "available": code is None,
            "reason": code,
            "message": message,
            "suggestions": _free(services, name) if code == "name_taken" else [],
        }
    )


def _free(services: ServicesDep, name: str) -> list[str]:
    return [item for item in suggestions(name) if services.stores.name_problem(item) is None]
