"""What is taken out of others' words is secret, and what is no secret is left."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.services.diagnosis.redaction import Redaction

BARE = Redaction(())
LETTERS = string.ascii_letters + string.digits + "-_.+/=$!*"
SECRETS = st.text(LETTERS, min_size=8, max_size=64).filter(
    lambda text: any(letter.isdigit() for letter in text)
)
KEPT = [
    "Access denied for user 'shop'@'10.0.0.7' (using password: NO)",
    "Access denied for user 'shop'@'10.0.0.7' (using password: YES)",
    'secret "shop-secrets" not found',
    "couldn't find key db-password in Secret store-a/shop-secrets",
    "failed to fetch anonymous token: unexpected status",
    "PHP Parse error: syntax error, unexpected token: expecting identifier",
    "password=no",
    "token: null",
    "Bearer authentication is not possible here",
    "the password: it is not set",
    "GET http://db.example:3306/ refused",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_only_speaks_of_secrets_is_left(text: str) -> None:
    assert BARE.text(text) == text


@pytest.mark.parametrize(
    "form",
    [
        "DB_PASSWORD={}", "password = '{}'", "--password={} --host", 'password":"{}"',
        '"password": "{}"', "Password: {}", "token:{}", "Authorization: Bearer {}",
        "mysql://shop:{}@db.example/shop", "api_key={}&page=2", "crypt-key: {}",
    ],
)  # fmt: skip
@given(secret=SECRETS)
def test_what_looks_like_a_secret_is_not_told(form: str, secret: str) -> None:
    # In an address a secret has none of the signs that take it apart.
    secret = secret.replace("/", "_") if "://" in form else secret
    assert secret not in BARE.text(form.format(secret))


@given(
    secret=st.text(min_size=6, max_size=40), before=st.text(max_size=20), after=st.text(max_size=20)
)
def test_a_known_secret_is_never_told(secret: str, before: str, after: str) -> None:
    found = Redaction([secret]).text(before + secret + after)
    assert secret not in found or secret in "••••"


@given(st.text(string.ascii_letters + string.digits + " .,:;()'\"-/", max_size=200))
def test_words_without_a_telltale_are_left_as_they_are(text: str) -> None:
    names = ("pass", "secret", "token", "key", "bearer", "://")
    if not any(name in text.lower() for name in names):
        assert BARE.text(text) == text
