import hashlib
import hmac

import pytest

from leadops.intake.signature import find_signer, sign

OLD, NEW = "old-secret-0123456789", "new-secret-0123456789"
BODY = b'{"email": "ann@buyers.example"}'


def test_the_signature_is_the_documented_hmac() -> None:
    expected = hmac.new(OLD.encode(), b"1780000000." + BODY, hashlib.sha256).hexdigest()
    assert sign(OLD, "1780000000", BODY) == expected


def test_a_known_value() -> None:
    # Computed with: printf '1.{}' | openssl dgst -sha256 -hmac key
    assert sign("key", "1", b"{}") == "1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"


@pytest.mark.parametrize(("secret", "place"), [(OLD, 0), (NEW, 1), ("another", None)])
def test_each_secret_in_force_signs(secret: str, place: int | None) -> None:
    assert find_signer((OLD, NEW), "1", BODY, sign(secret, "1", BODY)) == place


def test_the_form_of_the_signature_is_lenient() -> None:
    signature = sign(OLD, "1", BODY)
    for given in (f" {signature} ", signature.upper(), f"sha256={signature}", f"SHA256={signature}"):
        assert find_signer((OLD,), "1", BODY, given) == 0


@pytest.mark.parametrize(
    ("timestamp", "body"), [("2", BODY), ("1", BODY + b" "), ("1", b""), ("1.", BODY[1:]), ("", b"1." + BODY)]
)
def test_another_time_or_body_does_not_fit(timestamp: str, body: bytes) -> None:
    assert find_signer((OLD,), timestamp, body, sign(OLD, "1", BODY)) is None


@pytest.mark.parametrize("given", ["", "sha256=", "é", "0" * 64, "\0"])
def test_nonsense_is_no_signature(given: str) -> None:
    assert find_signer((OLD, NEW), "1", BODY, given) is None


def test_without_secrets_nobody_signs() -> None:
    assert find_signer((), "1", BODY, sign(OLD, "1", BODY)) is None
