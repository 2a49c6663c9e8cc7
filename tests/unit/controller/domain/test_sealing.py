"""Secrets under their own keys, and what can be opened with which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.sealing import Sealer, UnknownKeyError, fingerprint

OLD, NEW = "an older key of the platform's vault", "a newer key of the platform's vault"


@given(st.text(), st.text())
def test_what_was_sealed_is_opened_for_the_same_purpose(secret: str, purpose: str) -> None:
    secret, purpose = (text.encode(errors="ignore").decode() for text in (secret, purpose))
    sealer = Sealer([OLD])
    sealed = sealer.seal(secret, purpose)
    assert sealer.open(sealed, purpose) == secret
    assert sealer.seal(secret, purpose) != sealed
    with pytest.raises(UnknownKeyError):
        sealer.open(sealed, purpose + "/else")


def test_a_secret_is_not_in_what_is_stored() -> None:
    sealed = Sealer([OLD]).seal("sk_live_canary", "store:1/stripe.secretKey")
    assert "canary" not in repr(sealed)
    assert OLD not in repr(Sealer([OLD]))


def test_another_key_opens_nothing() -> None:
    sealed = Sealer([OLD]).seal("secret", "purpose")
    with pytest.raises(UnknownKeyError):
        Sealer([NEW]).open(sealed, "purpose")


def test_a_key_is_changed_without_opening_the_secret() -> None:
    sealed = Sealer([OLD]).seal("secret", "purpose")
    both = Sealer([NEW, OLD])
    assert both.open(sealed, "purpose") == "secret"
    rewrapped = both.rewrap(sealed, "purpose")
    assert rewrapped.sealed == sealed.sealed
    assert Sealer([NEW]).open(rewrapped, "purpose") == "secret"


def test_a_fingerprint_is_the_bridges() -> None:
    # printf %s s3cr3t | openssl dgst -sha256 -hmac live
    assert fingerprint("s3cr3t", "live") == FINGERPRINT
    assert fingerprint("s3cr3t", "other") != FINGERPRINT


FINGERPRINT = "5a194e0f5d151c1e"
