"""Tokens, one-time codes and the mails that carry them."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from controller.domain.errors.base import LimitError, NotAuthenticatedError
from controller.domain.errors.inputs import CodeUsedError, WrongCodeError
from controller.domain.tenant import Scope, Tenant
from controller.registry.mails import Letter
from controller.registry.registry import Registry
from controller.registry.session import Database, utcnow
from controller.registry.tables import LoginCodeRow, MailRow, TokenRow, table
from tests.factories import at_once, registry_over, scope_of

EMAIL, ADDRESS = "ann@example.com", "203.0.113.7"


def letter(code: str) -> Letter:
    return Letter(recipient=EMAIL, language="en", subject="Your code", body=code)


def send(registry: Registry, email: str = EMAIL, address: str = ADDRESS) -> str:
    """Have a code sent, and read it from the mail."""
    registry.codes.send(email, address, letter)
    return registry.mails.latest(1)[0].body


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# --- tokens ---------------------------------------------------------------------------------------


def test_a_token_opens_its_scope_and_is_not_stored(registry: Registry, ann: Tenant) -> None:
    token, text = registry.tokens.issue(name="laptop", tenant=ann.uid)
    scope, end = registry.tokens.scope(text)
    assert (scope.tenant, scope.actor, end) == (ann.uid, "token:laptop", None)
    with registry.database.read() as connection:
        rows = connection.execute(table(TokenRow).select()).mappings().all()
    assert text not in str(rows)
    assert registry.tokens.page(scope_of(ann), None) == [token]


@pytest.mark.parametrize("text", ["", "sct_", "sct_wrong", "\x00", "ö" * 500])
def test_a_text_that_is_no_token_opens_nothing(registry: Registry, text: str) -> None:
    with pytest.raises(NotAuthenticatedError):
        registry.tokens.scope(text)


def test_an_expired_token_opens_nothing(registry: Registry, ann: Tenant) -> None:
    text = registry.tokens.issue(name="short", tenant=ann.uid, lifetime=timedelta(hours=1))[1]
    assert registry.tokens.scope(text)[1] is not None
    with registry.database.write() as connection:
        connection.execute(update(table(TokenRow)).values(expires_at=utcnow()))
    with pytest.raises(NotAuthenticatedError):
        registry.tokens.scope(text)


def test_only_those_in_scope_revoke_a_token(registry: Registry, ann: Tenant, bob: Tenant) -> None:
    token, text = registry.tokens.issue(name="laptop", tenant=ann.uid)
    assert not registry.tokens.revoke(scope_of(bob), token.uid)
    assert registry.tokens.scope(text)
    assert registry.tokens.revoke(scope_of(ann), token.uid)
    assert not registry.tokens.revoke(scope_of(ann), token.uid)
    with pytest.raises(NotAuthenticatedError):
        registry.tokens.scope(text)


def test_tokens_are_listed_in_scope_newest_first(
    registry: Registry, ann: Tenant, bob: Tenant
) -> None:
    one = registry.tokens.issue(name="one", tenant=ann.uid)[0]
    two = registry.tokens.issue(name="two", tenant=bob.uid)[0]
    ops = registry.tokens.issue(name="ops", tenant=None)[0]
    newest_first = sorted([one.uid, two.uid, ops.uid], reverse=True)
    assert [item.uid for item in registry.tokens.page(Scope.operator(), None)] == newest_first
    assert registry.tokens.page(Scope.operator(), bob.uid) == [two]
    assert registry.tokens.page(scope_of(ann), bob.uid) == [one]


def test_a_known_text_is_registered_once(registry: Registry) -> None:
    for _ in range(2):
        registry.tokens.register("operators-own", name="operator", tenant=None)
    assert registry.tokens.scope("operators-own")[0].is_operator
    assert len(registry.tokens.page(Scope.operator(), None)) == 1


# --- one-time codes -------------------------------------------------------------------------------


def test_a_code_opens_once(registry: Registry) -> None:
    code = send(registry)
    assert len(code) == 6
    assert code.isdigit()
    registry.codes.check(EMAIL, f" {code} ")
    with pytest.raises(CodeUsedError):
        registry.codes.check(EMAIL, code)


def test_a_code_is_spent_by_one_of_many_at_once(registry: Registry) -> None:
    code = send(registry)
    outcomes = at_once(*[lambda: registry.codes.check(EMAIL, code)] * 5)
    assert Counter(map(type, outcomes)) == {type(None): 1, CodeUsedError: 4}


def test_a_wrong_code_may_be_corrected(registry: Registry) -> None:
    code = send(registry)
    for guess in (wrong(code), "", "٠١٢٣٤٥", code + "0"):
        with pytest.raises(WrongCodeError):
            registry.codes.check(EMAIL, guess)
    registry.codes.check(EMAIL, code)


def test_after_five_guesses_even_the_right_code_is_worth_nothing(registry: Registry) -> None:
    code = send(registry)
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            registry.codes.check(EMAIL, wrong(code))
    with pytest.raises(CodeUsedError):
        registry.codes.check(EMAIL, code)


def test_guesses_at_once_are_all_counted(registry: Registry) -> None:
    code = send(registry)
    outcomes = at_once(*[lambda: registry.codes.check(EMAIL, wrong(code))] * 8)
    assert Counter(map(type, outcomes)) == {WrongCodeError: 5, CodeUsedError: 3}


def test_an_old_code_is_worth_nothing(registry: Registry) -> None:
    code = send(registry)
    with registry.database.write() as connection:
        connection.execute(update(table(LoginCodeRow)).values(expires_at=utcnow()))
    with pytest.raises(CodeUsedError):
        registry.codes.check(EMAIL, code)


def test_a_newer_code_makes_the_older_worthless(registry: Registry) -> None:
    older, newer = send(registry), send(registry)
    if older != newer:
        with pytest.raises(WrongCodeError):
            registry.codes.check(EMAIL, older)
    registry.codes.check(EMAIL, newer)


def test_a_code_belongs_to_its_address(registry: Registry) -> None:
    code = send(registry)
    with pytest.raises(CodeUsedError):
        registry.codes.check("bob@example.com", code)
    registry.codes.check(EMAIL, code)


def test_codes_for_one_address_are_limited(registry: Registry) -> None:
    for _ in range(6):
        send(registry)
    with pytest.raises(LimitError) as caught:
        send(registry)
    assert caught.value.retry_after > 0
    assert len(registry.mails.latest()) == 6
    send(registry, "bob@example.com")
    with registry.database.write() as connection:
        hour = timedelta(hours=1, seconds=1)
        connection.execute(update(table(LoginCodeRow)).values(created_at=utcnow() - hour))
    send(registry)


def test_codes_asked_for_from_one_network_address_are_limited(database: Database) -> None:
    registry = registry_over(database, codes_per_hour=1)
    for number in range(10):
        send(registry, f"user{number}@example.com")
    with pytest.raises(LimitError):
        send(registry, "one-more@example.com")
    send(registry, "one-more@example.com", "203.0.113.8")


def test_codes_are_stored_as_digests_only(registry: Registry) -> None:
    code = send(registry)
    with registry.database.read() as connection:
        rows = connection.execute(table(LoginCodeRow).select()).mappings().all()
    assert [code in str(row["digest"]) for row in rows] == [False]
    assert {"code", "body"}.isdisjoint(rows[0])


# --- mails ----------------------------------------------------------------------------------------


@pytest.fixture
def posted(registry: Registry) -> list[str]:
    for number in range(30):
        registry.mails.post(letter(str(number)))
    return [mail.uid for mail in registry.mails.latest()]


def test_a_mail_is_claimed_by_one_worker(registry: Registry, posted: list[str]) -> None:
    batches = at_once(*[lambda: registry.mails.claim(20)] * 4)
    claimed = [mail.uid for batch in batches for mail in batch]
    assert len(claimed) == len(set(claimed))
    claimed += [mail.uid for mail in registry.mails.claim(20)]
    assert sorted(claimed) == sorted(posted)
    assert registry.mails.claim(20) == ()


def test_a_claimed_mail_comes_back_when_its_worker_died(registry: Registry) -> None:
    registry.mails.post(letter("x"))
    (first,) = registry.mails.claim(seconds=-1)
    (again,) = registry.mails.claim(seconds=60)
    assert (first.uid, first.attempts, again.attempts) == (again.uid, 1, 2)
    assert registry.mails.claim() == ()


def test_a_mail_is_put_off_or_given_up(registry: Registry) -> None:
    registry.mails.post(letter("x"))
    (mail,) = registry.mails.claim()
    registry.mails.put_off(mail.uid, -1)
    assert len(registry.mails.claim()) == 1
    registry.mails.put_off(mail.uid, 3600)
    assert registry.mails.claim() == ()
    registry.mails.put_off(mail.uid, None)
    with registry.database.read() as connection:
        row = connection.execute(table(MailRow).select()).mappings().one()
    assert (row["due_at"], row["sent_at"], row["body"]) == (None, None, "x")


def test_a_mail_that_was_sent_keeps_no_code(registry: Registry) -> None:
    code = send(registry)
    (mail,) = registry.mails.claim()
    registry.mails.sent(mail.uid)
    (kept,) = registry.mails.latest()
    assert kept.sent_at is not None
    assert code not in kept.body
    assert registry.mails.claim() == ()
