"""The owner's console: watching a shop come up, pausing, closing, bringing back, retrying."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import update

from controller.domain.conditions import Desired, Phase, merge, unmet
from controller.domain.operations import Operation, OperationState
from controller.domain.tenant import Scope
from controller.registry.rows import conditions_column, status_columns
from controller.registry.session import utcnow
from controller.registry.tables import StackRow, StoreRow, table
from controller.web.views import view
from provisioners.base import DriverFailure
from tests.planes import Plane
from tests.unit.controller.web.visitor import Visitor

NO_SCRIPT = '<noscript><meta http-equiv="refresh" content="2"></noscript>'


@pytest.fixture
def tea(plane: Plane, ann: Visitor) -> str:
    """Give the page of a shop that is open."""
    page = ann.open_shop("Tea")
    plane.settle()
    return page


def test_a_shop_in_the_making_shows_its_steps_with_and_without_scripts(
    plane: Plane, ann: Visitor
) -> None:
    page = ann.get(ann.open_shop("Tea")).text
    assert NO_SCRIPT in page
    assert 'sse-connect="/shops/tea/live' in page
    assert "we do not know yet how long it takes" in page
    titles = re.findall(r'<span class="title">([^<]+)</span>', page)
    assert titles[0] == "Making its access keys"
    assert titles[-1] == "Making a test purchase"
    assert page.count('<li class="pending">') == len(titles)


def test_the_stream_sends_the_page_until_nothing_is_in_work(own_plane: Plane) -> None:
    plane, ann = own_plane, Visitor(own_plane).sign_in()
    ann.open_shop("Tea")
    cookie = "; ".join(f"{name}={value}" for name, value in ann.http.cookies.items())

    async def watch() -> list[dict[str, str]]:
        seen = []
        async with plane.stream("/shops/tea/live?lang=en", {"cookie": cookie}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            async for event in stream.events():
                seen.append(event)
                if len(seen) == 1:
                    plane.settle()
        return seen

    events = plane.run(watch())
    assert [event["event"] for event in events] == ["shop"] * (len(events) - 1) + ["close"]
    assert len(events) >= 3


def test_a_shop_that_opens_while_its_page_is_made_is_not_shown_as_it_was(
    plane: Plane, ann: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.open_shop("Tea")
    operations = plane.registry.operations
    read = operations.get

    def late(scope: Scope, uid: str) -> Operation:
        plane.settle()
        return read(scope, uid)

    monkeypatch.setattr(operations, "get", late)
    found = view(plane.app.state.services, Scope.system(), "tea")
    # Nothing is in work any more, so this page is the last one that is sent.
    assert (found.moving, found.store.status.phase) == (False, Phase.READY)


def test_a_finished_shop_shows_its_address_and_since_when_it_sells(
    plane: Plane, ann: Visitor, tea: str
) -> None:
    page = ann.get(tea).text
    url = plane.registry.stores.get(Scope.operator(), "tea").status.url
    assert url
    assert f'href="{url}"' in page
    assert "Taking orders since" in page
    assert NO_SCRIPT not in page
    assert "sse-connect" not in page
    assert page.count('<li class="good">') == 4


def test_the_shops_of_an_owner_are_listed(plane: Plane, ann: Visitor, tea: str) -> None:
    assert "No shop yet" in Visitor(plane).sign_in("bob@example.com").get("/shops").text
    page = ann.get("/shops").text
    assert 'href="/shops/tea"' in page
    assert "Taking orders since" in page


def test_the_administration_is_opened_by_a_link_that_is_not_passed_on(
    ann: Visitor, tea: str
) -> None:
    answer = ann.submit(tea, f"{tea}/administration")
    assert answer.status_code == 200
    found = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]+)">', answer.text)
    assert found
    assert f'href="{found[1]}"' in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_a_shop_is_paused_and_opened_again(plane: Plane, ann: Visitor, tea: str) -> None:
    assert ann.submit(tea, f"{tea}/pause").headers["location"] == tea
    plane.settle()
    page = ann.get(tea).text
    assert "Your shop is paused." in page
    assert f'action="{tea}/pause"' not in page
    ann.submit(tea, f"{tea}/open")
    plane.settle()
    assert "Your shop is open." in ann.get(tea).text


def test_closing_names_what_is_kept_and_can_be_undone(plane: Plane, ann: Visitor, tea: str) -> None:
    question = ann.get(f"{tea}/close").text
    assert re.search(r"are kept until \w+ \d+, \d{4}\.", question)
    assert plane.registry.stores.get(Scope.operator(), "tea").desired is Desired.ACTIVE
    ann.submit(f"{tea}/close", f"{tea}/close")
    plane.settle()
    page = ann.get(tea).text
    assert "Your shop is closed." in page
    assert re.search(r"Everything is kept until \w+ \d+, \d{4}", page)
    assert ann.get(f"{tea}/close").headers["location"] == tea
    ann.submit(tea, f"{tea}/restore")
    plane.settle()
    assert "Your shop is open." in ann.get(tea).text


def test_an_owner_cannot_destroy_a_shop(plane: Plane, ann: Visitor, tea: str) -> None:
    ann.submit(f"{tea}/close", f"{tea}/close")
    plane.settle()
    csrf = ann.form(ann.get(tea), f"{tea}/restore")["csrf"]
    assert ann.post(f"{tea}/purge", {"csrf": csrf}).status_code == 409
    assert plane.registry.stores.get(Scope.operator(), "tea").status.phase is Phase.RETIRED


def test_what_failed_says_why_and_can_be_tried_again(plane: Plane, ann: Visitor) -> None:
    tea = ann.open_shop("Tea")
    plane.driver.fail("apply", DriverFailure("broken", "no such image", transient=False))
    plane.settle()
    page = ann.get(tea).text
    assert "this did not work" in page
    assert "no such image" in page
    assert "Correct the cause, then retry the operation." in page
    assert ann.submit(tea, f"{tea}/retry").headers["location"] == tea
    plane.settle()
    assert "Your shop is open." in ann.get(tea).text
    csrf = ann.form(ann.get(tea), "/sign-out")["csrf"]
    assert ann.post(f"{tea}/retry", {"csrf": csrf}).status_code == 303
    operation = plane.registry.operations.page(Scope.operator(), limit=1)[0]
    assert operation.state is OperationState.SUCCEEDED


def test_what_cannot_be_done_now_says_so(plane: Plane, ann: Visitor, tea: str) -> None:
    csrf = ann.form(ann.get(tea), f"{tea}/pause")["csrf"]
    assert ann.post(f"{tea}/restore", {"csrf": csrf}).status_code in {303, 409}
    answer = ann.post(f"{tea}/nonsense", {"csrf": csrf})
    assert answer.status_code == 409
    assert "Load the page again" in answer.text
    ann.post(f"{tea}/pause", {"csrf": csrf})
    answer = ann.post(f"{tea}/open", {"csrf": csrf})
    assert answer.status_code == 409
    assert "Wait until it is finished" in answer.text


def test_a_setting_that_the_shop_refuses_takes_nothing_from_its_owner(
    plane: Plane, ann: Visitor, tea: str
) -> None:
    url = plane.get("stores/tea").json()["status"]["url"]
    plane.engine.refuses = "currencies.allowed has no option XXX"
    changed = plane.request("PATCH", "stores/tea", json={"shipping": {"flatRate": "3.00"}})
    assert changed.status_code == 202, changed.text
    plane.settle()
    status = plane.get("stores/tea").json()["status"]
    reasons = {item["type"]: item["reason"] for item in status["conditions"]}
    assert reasons["Configured"] == "SettingsRefused"
    assert reasons["Selling"] == "ProvenBefore"
    page = ann.get(tea).text
    assert "The shop refused settings: currencies.allowed has no option XXX" in page
    assert "The operator of this platform corrects the field" in page
    assert "Your shop is open, with the settings that it had before." in page
    assert f'<a class="button second" href="{url}"' in page
    told = [one["reason"] for one in plane.get("stores/tea/events").json()["items"]]
    assert told.count("SettingsRefused") == 1
    plane.engine.refuses = None


def test_a_shop_that_gives_no_answer_is_said_to_be_silent_and_not_to_mend_itself(
    plane: Plane, ann: Visitor, tea: str
) -> None:
    uid = plane.registry.stores.get(Scope.operator(), "tea").stack
    silent = unmet("Answering", "ShopSilent")
    conditions = plane.registry.stores.stack(uid).conditions  # type: ignore[union-attr]
    with plane.registry.database.write() as connection:
        after = merge(conditions, [silent], utcnow())
        values = {"conditions": conditions_column(after)}
        connection.execute(update(table(StackRow)).values(values))
        status = plane.registry.stores.get(Scope.operator(), "tea").status
        worse = replace(status, phase=Phase.DEGRADED, ready=False)
        connection.execute(update(table(StoreRow)).values(status_columns(worse)))
    page = ann.get(tea).text
    assert "Your shop does not answer right now." in page
    assert "put right by itself" not in page
    assert '<a class="button" href' not in page
