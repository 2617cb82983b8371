"""How an event proves whom it speaks of; an event without proof is a claim (docs/identity.md).

A site's server proves that a visitor is who the browser says by an HMAC (RFC 2104) over the visitor's email
and user id. What is signed says which of the two it is: else a member who may choose their user id could
choose an address, and have it signed as if it were theirs.
"""

import hmac
from collections.abc import Sequence
from enum import StrEnum

#: The field of an event that holds the signature, and those that it covers.
SIGNATURE = "signature"
SIGNED_FIELDS = ("email", "user_id")


class Proof(StrEnum):
    """What stands behind an event."""

    WRITE_KEY = "write_key"  # a server that has the gateway's key
    FORM = "form"  # a form signed by the site's server
    VERIFIED = "verified"  # an identity signed by the site's server
    CLAIM = "claim"  # nothing: anybody can send it


def find_proof(
    sender: Proof, *, email: str | None, user_id: str | None, signature: str | None, secrets: Sequence[str]
) -> Proof:
    """Return what stands behind an event of a sender who proved itself by `sender`.

    A valid signature under one of `secrets` proves both `email` and `user_id`, as far as the event has them,
    in the form in which they are stored; a signature that leaves one of them out proves nothing.
    """
    if sender != Proof.CLAIM or not signature or not (email or user_id):
        return sender
    is_signed = verify_identity(secrets, signature, email=email, user_id=user_id)
    return Proof.VERIFIED if is_signed else sender


def verify_identity(
    secrets: Sequence[str], signature: str, *, email: str | None, user_id: str | None
) -> bool:
    """Return whether one of `secrets` made `signature` (hex) for this identity.

    Every secret is tried, in a time that does not depend on how much is right.
    """
    given = signature.strip().lower().encode("utf-8", "replace")
    signed = [
        hmac.compare_digest(sign_identity(secret, email=email, user_id=user_id).encode(), given)
        for secret in secrets
    ]
    return any(signed)


def sign_identity(secret: str, *, email: str | None = None, user_id: str | None = None) -> str:
    """Return the signature in lower-case hex: HMAC-SHA-256 of the lines `email:…` and `user_id:…`.

    A line is left out where there is no such value. The email is trimmed and in lower case; because it comes
    first and holds no line break, two identities never have one text.
    """
    lines = [
        f"{name}:{value}"
        for name, value in zip(SIGNED_FIELDS, (email and email.strip().lower(), user_id), strict=True)
        if value
    ]
    return hmac.digest(secret.encode(), "\n".join(lines).encode("utf-8", "surrogatepass"), "sha256").hex()
