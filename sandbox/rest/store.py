"""Handlers of /V1/store/… and of the password login that the shop does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import config, topology
from sandbox.errors import UnauthorizedError
from sandbox.rest.bridge import base_url

if TYPE_CHECKING:
    from sandbox.rest.call import Call


class NoPasswordError(UnauthorizedError):
    """Nobody has a password here: the administration opens by a one-time link only."""

    def __init__(self) -> None:
        super().__init__("")
        self.message = (
            "The account sign-in was incorrect or your account is disabled temporarily. "
            "Please wait and try again later."
        )
        self.parameters = None


def admin_token(_call: Call) -> object:
    """Refuse every user name and password."""
    raise NoPasswordError


def store_configs(call: Call) -> object:
    """Return the settings of each store view that a client needs first."""
    wanted = [value for name, value in call.query if name in ("storeCodes[]", "store_codes[]")]
    settings = config.load(call.shop.db)
    answer = []
    for view in topology.views(call.shop.db):
        if wanted and view.code not in wanted:
            continue
        url = base_url(call.shop, view.website_id, view.id)
        secure = settings.at(view, "web/secure/base_url") or url
        answer.append(
            {
                "id": view.id,
                "code": view.code,
                "website_id": view.website_id,
                "locale": settings.at(view, "general/locale/code"),
                "base_currency_code": settings.base_currency(view.website_id),
                "default_display_currency_code": settings.at(view, "currency/options/default"),
                "timezone": settings.at(view, "general/locale/timezone"),
                "weight_unit": settings.at(view, "general/locale/weight_unit"),
                "base_url": url,
                "base_link_url": url,
                "base_static_url": f"{url}static/",
                "base_media_url": f"{url}media/",
                "secure_base_url": secure,
                "secure_base_link_url": secure,
                "secure_base_static_url": f"{secure}static/",
                "secure_base_media_url": f"{secure}media/",
            }
        )
    return answer


def websites(call: Call) -> object:
    """Return all websites, the administration's own among them."""
    rows = call.shop.db.execute("SELECT id, code, name, default_group_id FROM website ORDER BY id")
    return [dict(row) for row in rows]


def store_groups(call: Call) -> object:
    """Return all groups."""
    rows = call.shop.db.execute(
        "SELECT id, website_id, root_category_id, default_store_id, name, code"
        " FROM store_group ORDER BY id"
    )
    return [dict(row) for row in rows]


def store_views(call: Call) -> object:
    """Return all store views."""
    rows = call.shop.db.execute(
        "SELECT id, code, name, website_id, group_id AS store_group_id, is_active"
        " FROM store ORDER BY id"
    )
    return [dict(row) for row in rows]
