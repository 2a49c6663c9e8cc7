"""The mails of a control plane that has no mail server: a page for the machine it runs on."""

import ipaddress
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from controller.domain.errors.base import NotFoundError
from controller.services.services import Services
from controller.settings import Settings
from controller.web.render import Pages


def outbox_open(settings: Settings) -> bool:
    """Whether mails are shown: only where nobody but this machine can look, and nothing is sent."""
    reached_as = urlsplit(settings.url).hostname or ""
    return not settings.smtp.host and _is_loopback(settings.host) and _is_loopback(reached_as)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Outbox:
    """The page."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._pages = pages

    def routes(self, router: APIRouter) -> None:
        """Add the route."""
        router.add_api_route("/outbox", self.mails, methods=["GET"])

    def mails(self, request: Request) -> Response:
        """The newest mails."""
        # Another name in the address is a proxy, or a foreign page that had its name point here.
        if not (outbox_open(self._services.settings) and _is_loopback(request.url.hostname or "")):
            raise NotFoundError
        mails = self._services.registry.mails.latest(20)
        return self._pages.show(self._pages.visit(request), "outbox.html", mails=mails)
