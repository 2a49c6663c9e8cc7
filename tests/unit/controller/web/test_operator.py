"""The operator's console: entering, the fleet, one store with its causes."""

import re

import pytest

from controller.domain.conditions import Phase
from controller.domain.tenant import Scope
from provisioners.base import DriverFailure
from tests import factories
from tests.planes import OPERATOR, Plane
from tests.unit.controller.web.visitor import Visitor


def test_the_token_leaves_the_address_bar_at_once(nobody: Visitor) -> None:
    answer = nobody.get(f"/operator?token={OPERATOR}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/operator")
    assert OPERATOR not in answer.text + answer.headers["set-cookie"]
    assert "Fleet" in nobody.get("/operator").text


def test_the_form_takes_the_token_too(nobody: Visitor) -> None:
    answer = nobody.submit("/operator", "/operator", token=f" {OPERATOR} ")
    assert answer.headers["location"] == "/operator"


@pytest.mark.parametrize("way", ["link", "form"])
def test_a_wrong_token_opens_nothing(nobody: Visitor, way: str) -> None:
    if way == "link":
        answer = nobody.get("/operator?token=wrong")
    else:
        answer = nobody.submit("/operator", "/operator", token="wrong")
    assert answer.status_code == 401
    assert "This is not a valid operator token." in answer.text
    assert 'action="/operator"' in nobody.get("/operator").text


def test_a_tenants_token_opens_nothing(plane: Plane, nobody: Visitor) -> None:
    token = plane.tenant("ann@example.com")[1]
    assert nobody.submit("/operator", "/operator", token=token).status_code == 403
    assert "All" not in re.findall(r"<span>(\w+)</span>", nobody.get("/operator").text)


def test_an_owner_who_is_operator_too_stays_signed_in(ann: Visitor) -> None:
    ann.enter_as_operator()
    assert ann.get("/new").status_code == 200


def test_the_fleet_is_counted_filtered_searched_and_paged(plane: Plane, operator: Visitor) -> None:
    owner = factories.tenant(plane.registry)
    for number in range(52):
        factories.create(plane.registry, owner, f"tea-{number:02d}")
    factories.store(plane.registry, owner, "coffee")

    def names(query: str) -> list[str]:
        return re.findall(r'href="/operator/stores/([a-z0-9-]+)"><strong', operator.get(query).text)

    first = operator.get("/operator").text
    assert '<span class="figure">53</span>' in first
    assert names("/operator?phase=Ready") == ["coffee"]
    assert names("/operator?search=TEA-0") == [f"tea-{number:02d}" for number in range(10)]
    assert "No store matches." in operator.get("/operator?search=zz").text
    found = re.search(r'href="(/operator\?after=[^"]+)" rel="next"', first)
    assert found
    assert names(found[1].replace("&amp;", "&")) == ["tea-49", "tea-50", "tea-51"]


def test_what_is_in_work_and_what_went_wrong_is_on_the_first_page(
    plane: Plane, ann: Visitor, operator: Visitor
) -> None:
    ann.open_shop("Tea")
    assert "Opening the shop" in operator.get("/operator").text
    plane.driver.fail("apply", DriverFailure("broken", "no such image", transient=False))
    plane.settle()
    page = operator.get("/operator").text
    assert "Nothing is in work." in page
    assert "no such image" in page


def test_a_store_shows_every_condition_step_event_and_its_log(
    plane: Plane, ann: Visitor, operator: Visitor
) -> None:
    ann.open_shop("Tea")
    plane.settle()
    page = operator.get("/operator/stores/tea").text
    for shown in (
        "ann@example.com", "SecretsApplied", "ReleaseCurrent", "Answering", "Bound", "Routed",
        "Configured", "Proven", "Making a test purchase", "Done in", "started ",
    ):  # fmt: skip
        assert shown in page, shown
    assert "started " in operator.get("/operator/stores/tea/log").text


def test_a_log_that_cannot_be_read_breaks_nothing(
    plane: Plane, ann: Visitor, operator: Visitor
) -> None:
    ann.open_shop("Tea")
    plane.settle()
    plane.driver.fail("logs", DriverFailure("gone", "the disk is gone"))
    answer = operator.get("/operator/stores/tea")
    assert answer.status_code == 200
    assert "the disk is gone" in answer.text


@pytest.mark.parametrize("action", ["suspend", "retire"])
def test_nothing_takes_a_shop_from_its_customers_with_one_click(
    plane: Plane, ann: Visitor, operator: Visitor, action: str
) -> None:
    ann.open_shop("Tea")
    plane.settle()
    uid = plane.registry.stores.get(Scope.operator(), "tea").uid
    page = f"/operator/stores/{uid}"
    assert f'action="{page}/{action}"' not in operator.get(page).text
    csrf = operator.form(operator.get(f"{page}/confirm?to={action}"), f"{page}/{action}")["csrf"]
    answer = operator.post(f"{page}/{action}", {"csrf": csrf})
    assert answer.headers["location"] == f"{page}/confirm?to={action}"
    plane.settle()
    assert plane.registry.stores.get(Scope.operator(), uid).status.phase is Phase.READY


def test_a_store_is_led_through_its_life_and_destroyed_only_by_its_name(
    plane: Plane, ann: Visitor, operator: Visitor
) -> None:
    ann.open_shop("Tea")
    plane.settle()
    uid = plane.registry.stores.get(Scope.operator(), "tea").uid
    page = f"/operator/stores/{uid}"

    def phase() -> Phase:
        plane.settle()
        return plane.registry.stores.get(Scope.operator(), uid).status.phase

    for action, reached in (
        ("suspend", Phase.SUSPENDED),
        ("resume", Phase.READY),
        ("retire", Phase.RETIRED),
        ("undelete", Phase.READY),
        ("retire", Phase.RETIRED),
    ):
        asking = f"{page}/confirm?to={action}" if action in ("suspend", "retire") else page
        answer = operator.submit(asking, f"{page}/{action}")
        assert answer.headers["location"] == page
        assert phase() is reached
    refused = operator.submit(page, f"{page}/purge", confirm="te")
    assert refused.status_code == 422
    assert "was not confirmed" in refused.text
    assert phase() is Phase.RETIRED
    assert operator.submit(page, f"{page}/purge", confirm="tea").status_code == 303
    assert phase() is Phase.PURGED
    # Its name is free again; the operator still finds what it was by its uid.
    assert operator.get("/operator/stores/tea").status_code == 404
    assert "Destroyed" in operator.get(page).text
    entries = plane.registry.journal.audit_of(f"store:{uid}")
    assert {entry["actor"] for entry in entries} == {"ann@example.com", "token:operator"}


def test_a_failed_operation_is_tried_again(plane: Plane, ann: Visitor, operator: Visitor) -> None:
    ann.open_shop("Tea")
    plane.driver.fail("apply", DriverFailure("broken", "no such image", transient=False))
    plane.settle()
    uid = plane.registry.stores.get(Scope.operator(), "tea").uid
    operator.submit("/operator/stores/tea", f"/operator/stores/{uid}/retry")
    plane.settle()
    assert plane.registry.stores.get(Scope.operator(), uid).status.phase is Phase.READY


def test_the_administration_of_a_shop_opens_for_the_operator(
    plane: Plane, ann: Visitor, operator: Visitor
) -> None:
    ann.open_shop("Tea")
    plane.settle()
    uid = plane.registry.stores.get(Scope.operator(), "tea").uid
    answer = operator.submit("/operator/stores/tea", f"/operator/stores/{uid}/administration")
    assert "0;url=" in answer.text


def test_the_streams_send_what_changed(own_plane: Plane) -> None:
    plane = own_plane
    ann, operator = Visitor(plane).sign_in(), Visitor(plane).enter_as_operator()
    ann.open_shop("Tea")
    cookie = "; ".join(f"{name}={value}" for name, value in operator.http.cookies.items())

    async def first(path: str, count: int) -> list[str]:
        async with plane.stream(path, {"cookie": cookie}) as stream:
            found = []
            async for event in stream.events():
                found.append(event["event"])
                plane.settle()
                if len(found) == count:
                    break
            return found

    assert plane.run(first("/operator/live", 2)) == ["pulse", "pulse"]
    ann.open_shop("Coffee")
    parts = plane.run(first("/operator/stores/coffee/live", 4))
    assert sorted(set(parts)) == ["events", "state"]
