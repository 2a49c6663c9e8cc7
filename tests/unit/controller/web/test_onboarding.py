"""From an e-mail address to a shop, without scripts; and what can go wrong on the way."""

import re

import pytest

from controller.domain.tenant import Scope
from controller.registry.intents import Limits
from controller.registry.stores import StoreQuery
from tests import factories
from tests.planes import Plane, plane_over
from tests.unit.controller.web.visitor import Visitor, mail_to


def shops(plane: Plane) -> list[str]:
    """The names of all stores."""
    return [row["slug"] for row in plane.registry.stores.page(Scope.operator(), StoreQuery())]


# --- the address and its code ---------------------------------------------------------------------


def test_the_code_from_the_mail_signs_in_and_leads_to_the_shops_form(nobody: Visitor) -> None:
    answer = nobody.ask_for_code(" Ann@Example.com ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/code")
    answer = nobody.submit("/code", "/code", code=nobody.code("ann@example.com"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/new")
    assert nobody.get("/new").status_code == 200


def test_the_mail_is_written_in_the_language_of_the_page(plane: Plane) -> None:
    Visitor(plane, language="es-MX").ask_for_code("ann@example.com")
    mail = mail_to(plane, "ann@example.com")
    assert mail["language"] == "es"
    assert re.search(r"\d{6}", mail["subject"])
    assert re.search(r"\b\d{6}\b", mail["body"])


@pytest.mark.parametrize("email", ["", "ann", "ann@", "a b@example.com", '"><script>@example.com'])
def test_what_is_no_address_is_refused_beside_its_field(nobody: Visitor, email: str) -> None:
    answer = nobody.ask_for_code(email)
    assert answer.status_code == 422
    assert 'id="email-wrong"' in answer.text
    assert "<script>@" not in answer.text


def test_a_wrong_code_is_refused_and_the_right_one_works_after_it(nobody: Visitor) -> None:
    nobody.ask_for_code("ann@example.com")
    right = nobody.code("ann@example.com")
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    answer = nobody.submit("/code", "/code", code=wrong)
    assert answer.status_code == 422
    assert "This is not the code from the mail." in answer.text
    # Mail programs like to put a space in the middle.
    answer = nobody.submit("/code", "/code", code=f" {right[:3]} {right[3:]}")
    assert answer.headers["location"] == "/new"


def test_a_code_works_once(plane: Plane) -> None:
    first, second = Visitor(plane), Visitor(plane)
    for visitor in (first, second):
        visitor.ask_for_code("ann@example.com")
    code = second.code("ann@example.com")
    assert first.submit("/code", "/code", code=code).status_code == 303
    answer = second.submit("/code", "/code", code=code)
    assert answer.status_code == 422
    assert "already used" in answer.text


def test_a_code_can_be_sent_again_and_the_old_one_is_worth_nothing(nobody: Visitor) -> None:
    nobody.ask_for_code("ann@example.com")
    old = nobody.code("ann@example.com")
    answer = nobody.submit("/code", "/code", again="1")
    assert "A new code is on its way." in answer.text
    new = nobody.code("ann@example.com")
    if old != new:
        assert nobody.submit("/code", "/code", code=old).status_code == 422
    assert nobody.submit("/code", "/code", code=new).status_code == 303


def test_too_many_codes_are_refused_with_the_time_to_wait(nobody: Visitor) -> None:
    answers = [nobody.ask_for_code("ann@example.com") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [303] * 6 + [429]
    wait = answers[-1].headers["retry-after"]
    assert f"Wait {wait} seconds" in answers[-1].text


def test_the_code_page_without_an_address_leads_to_the_start(nobody: Visitor) -> None:
    assert nobody.get("/code").headers["location"] == "/"


def test_signing_in_leads_to_the_page_that_asked_for_it(nobody: Visitor) -> None:
    assert nobody.get("/shops/tea").headers["location"] == "/"
    nobody.ask_for_code("ann@example.com")
    answer = nobody.submit("/code", "/code", code=nobody.code("ann@example.com"))
    assert answer.headers["location"] == "/shops/tea"


def test_an_owner_with_a_shop_is_led_to_the_shops(plane: Plane, ann: Visitor) -> None:
    ann.open_shop()
    visitor = Visitor(plane)
    visitor.ask_for_code("ann@example.com")
    answer = visitor.submit("/code", "/code", code=visitor.code("ann@example.com"))
    assert answer.headers["location"] == "/shops"


def test_signing_out_forgets_who_it_was(ann: Visitor) -> None:
    assert ann.submit("/new", "/sign-out").status_code == 303
    assert ann.get("/new").headers["location"] == "/"


# --- the shop's form ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "country", "shown"),
    [
        pytest.param("de-AT,de;q=0.8", "AT", "EUR", id="territory"),
        pytest.param("ar", "EG", "EGP", id="language alone"),
        pytest.param("en-GB", "GB", "GBP", id="united kingdom"),
    ],
)
def test_the_country_is_suggested_and_says_what_it_sets(
    plane: Plane, language: str, country: str, shown: str
) -> None:
    page = Visitor(plane, language=language).sign_in().get("/new")
    assert re.search(rf'<option value="{country}" selected>', page.text)
    assert shown in page.text


def test_a_shop_is_accepted_for_the_tenant_of_the_address(plane: Plane, ann: Visitor) -> None:
    assert ann.open_shop("Tea House", "AE") == "/shops/tea-house"
    store = plane.registry.stores.get(Scope.operator(), "tea-house")
    assert store.owner == "ann@example.com"
    assert store.spec.display_name == "Tea House"
    assert store.spec.country == "AE"
    tenant = plane.registry.tenants.of_owner("ann@example.com")
    assert tenant is not None
    assert store.tenant == tenant.uid
    (entry,) = plane.registry.journal.audit_of(f"store:{store.uid}")
    assert entry["actor"] == "ann@example.com"


def test_a_form_sent_twice_makes_one_shop(plane: Plane, ann: Visitor) -> None:
    fields = {**ann.form(ann.get("/new"), "/new"), "country": "DE", "shop": "Tea House"}
    answers = [ann.post("/new", fields) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == ["/shops/tea-house"] * 2
    assert shops(plane) == ["tea-house"]


def test_a_form_changed_after_it_was_sent_asks_before_it_makes_another_shop(
    plane: Plane, ann: Visitor
) -> None:
    fields = {**ann.form(ann.get("/new"), "/new"), "country": "DE", "shop": "Tea House"}
    ann.post("/new", fields)
    answer = ann.post("/new", {**fields, "shop": "Coffee House"})
    assert answer.status_code == 409
    assert shops(plane) == ["tea-house"]
    again = ann.post("/new", {**ann.form(answer, "/new"), "country": "DE", "shop": "Coffee House"})
    assert again.headers["location"] == "/shops/coffee-house"


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        pytest.param("admin", 422, "kept for the platform itself", id="reserved"),
        pytest.param("adm1n", 422, "kept for the platform itself", id="reserved look-alike"),
        pytest.param("-a", 422, "must start with a letter", id="hyphen"),
        pytest.param("xn--caf-dma", 422, "third and fourth sign", id="punycode"),
        pytest.param("tea/../house", 422, "small letters, digits and hyphens", id="path"),
        pytest.param("{{7*7}}", 422, "small letters, digits and hyphens", id="template"),
        pytest.param("t\u200bea", 422, "small letters, digits and hyphens", id="zero width"),
        pytest.param("☕", 422, "small letters, digits and hyphens", id="emoji"),
        pytest.param("a" * 41, 422, "longer than 40", id="long"),
        pytest.param("taken", 409, "“taken” is taken", id="taken"),
    ],
)
def test_a_name_that_cannot_be_had_is_refused_with_names_that_can(
    plane: Plane, ann: Visitor, name: str, status: int, said: str
) -> None:
    factories.create(plane.registry, factories.tenant(plane.registry), "taken")
    answer = ann.submit("/new", "/new", shop="Tea", country="DE", name=name, derived="tea")
    assert answer.status_code == status
    assert said in answer.text
    assert "49" not in re.findall(r'value="([^"]*)"', answer.text)
    free = re.findall(r'name="pick" value="([^"]+)"', answer.text)
    assert free
    assert answer.text.count('name="shop"') == 1
    picked = ann.submit("/new", "/new", shop="Tea", country="DE", name=name, pick=free[0])
    assert (picked.status_code, ann.form(picked, "/new")["name"]) == (200, free[0])
    assert shops(plane) == ["taken"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"country": "ZZ"}, "country", id="unknown country"),
        pytest.param({"country": ""}, "country", id="no country"),
        pytest.param({"country": "<b>"}, "country", id="markup as a country"),
        pytest.param({"shop": "x" * 81, "name": "tea"}, "shop", id="long name"),
        pytest.param({"shop": "a\u202eb", "name": "tea"}, "shop", id="turned text"),
        pytest.param({"shop": "  ", "name": "tea"}, "shop", id="blank name"),
    ],
)
def test_a_field_that_is_wrong_says_so_and_makes_nothing(
    plane: Plane, ann: Visitor, fields: dict[str, str], field: str
) -> None:
    answer = ann.submit("/new", "/new", **{"shop": "Tea", "country": "DE", **fields})
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert "<b>" not in answer.text
    assert shops(plane) == []
    assert plane.registry.tenants.of_owner("ann@example.com") is None


def test_a_form_without_any_name_asks_for_one(ann: Visitor) -> None:
    answer = ann.submit("/new", "/new", shop="", country="DE")
    assert answer.status_code == 422
    assert 'id="shop-wrong"' in answer.text


def test_a_shop_in_another_script_gets_a_name_that_an_address_can_hold(ann: Visitor) -> None:
    assert ann.open_shop("بيت الشاي", "AE") == "/shops/ann"


def test_a_full_account_and_a_full_platform_say_so(tmp_path, sqlite_database) -> None:  # type: ignore[no-untyped-def]
    limits = Limits(stores_per_tenant=1, open_operations=2, tombstone=factories.LIMITS.tombstone)
    with plane_over(sqlite_database, tmp_path, limits) as plane:
        ann = Visitor(plane).sign_in()
        ann.open_shop("One")
        answer = ann.submit("/new", "/new", shop="Two", country="DE")
        assert answer.status_code == 429
        assert "Your account has 1 shops" in answer.text
        Visitor(plane).sign_in("bob@example.com").open_shop("Three")
        answer = (
            Visitor(plane)
            .sign_in("cy@example.com")
            .submit("/new", "/new", shop="Four", country="DE")
        )
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "15"


# --- what changes while somebody types ------------------------------------------------------------


def test_the_name_follows_the_shops_name_until_somebody_types_one(ann: Visitor) -> None:
    def ask(**query: str) -> str:
        page = ann.get("/new/name", params=query).text
        found = re.search(r'id="name"[^>]*value="([^"]*)"', page)
        assert found
        return found[1]

    assert ask(shop="Café Müller") == "cafe-mueller"
    assert ask(shop="Café", name="cafe-mueller", derived="cafe-mueller") == "cafe"
    assert ask(shop="Café", name="my-own", derived="cafe-mueller") == "my-own"
    assert ask(shop="Café", name="my-own", derived="cafe", pick="cafe-2") == "cafe-2"


def test_a_free_name_is_called_free_and_a_taken_one_taken(plane: Plane, ann: Visitor) -> None:
    factories.create(plane.registry, factories.tenant(plane.registry), "tea")
    assert "tea-house</bdi> is free." in ann.get("/new/name", params={"name": "tea-house"}).text
    taken = ann.get("/new/name", params={"name": "tea"}).text
    assert "The name “tea” is taken." in taken
    assert 'value="tea-2"' in taken


def test_a_country_says_what_it_sets(ann: Visitor) -> None:
    page = ann.get("/new/country", params={"country": "AE"}).text
    assert "United Arab Emirates Dirham" in page
    assert "Arabic (United Arab Emirates) (the shop shows Arabic (Saudi Arabia))" in page
    germany = ann.get("/new/country", params={"country": "DE"}).text
    assert "<dd>German</dd>" in germany
    assert "the shop shows" not in germany
    for code in ("XK", "CM"):
        assert "Choose your country" in ann.get("/new/country", params={"country": code}).text
    assert "Choose your country" in ann.get("/new/country", params={"country": "ZZ"}).text


@pytest.mark.parametrize("path", ["/new/name?name=tea", "/new/country?country=DE"])
def test_nobody_learns_of_names_without_signing_in(nobody: Visitor, path: str) -> None:
    assert nobody.get(path).status_code == 401
    # A page whose session ended while somebody typed loads itself again, and so leads to the door.
    assert nobody.get(path, headers={"HX-Request": "true"}).headers["hx-refresh"] == "true"


def test_the_estimate_is_honest(plane: Plane, ann: Visitor) -> None:
    assert "we do not know yet how long it takes" in ann.get("/new").text
    factories.store(plane.registry, factories.tenant(plane.registry), "tea")
    plane.make("coffee")
    assert "It usually takes about 1 second here." in ann.get("/new").text
