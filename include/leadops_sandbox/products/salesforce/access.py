"""How an app signs in: client credentials, and an assertion that is a JWT."""

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jwt
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.answers import read_body
from leadops_sandbox.products.face import VendorError, respond
from leadops_sandbox.products.salesforce.ids import API_USER, make_id
from leadops_sandbox.settings import fits

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def routes(face: "Salesforce") -> list[Route]:
    """Return the routes of signing in."""

    async def token(request: Request) -> Response:
        form = {name: values[-1] for name, values in parse_qs((await read_body(request)).decode()).items()}
        match form.get("grant_type"):
            case "client_credentials":
                check_client(face, request, form)
            case grant if grant == JWT_BEARER:
                check_assertion(face, request, form.get("assertion", ""))
            case _:
                raise refuse_grant("unsupported_grant_type", "grant type not supported")
        return respond(give_session(face, request))

    async def versions(_: Request) -> Response:
        return respond(
            [
                {"label": f"Release {version}", "version": version, "url": f"/services/data/v{version}"}
                for version in face.settings.versions
            ]
        )

    async def userinfo(_: Request) -> Response:
        user, organization = make_id("User", API_USER), make_id("Organization", 1)
        return respond(
            {"user_id": user, "organization_id": organization, "preferred_username": face.settings.user}
        )

    return [
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route("/services/oauth2/userinfo", userinfo, methods=["GET"]),
        *(Route("/services/data" + end, versions, methods=["GET"]) for end in ("", "/")),
    ]


def refuse_grant(error: str, description: str) -> VendorError:
    """Return the error answer of a sign-in."""
    return VendorError(400, {"error": error, "error_description": description})


def give_session(face: "Salesforce", request: Request) -> dict[str, Any]:
    """Return a new session; how long it lives, the answer does not say."""
    settings, now = face.settings, face.now()
    prefix = make_id("Organization", 1)[:15] + "!"
    session, _ = face.tokens.give(now, seconds=settings.session_seconds, same=False, prefix=prefix)
    user, organization = make_id("User", API_USER), make_id("Organization", 1)
    return {
        "access_token": session,
        "scope": "api",
        "instance_url": own_url(request),
        "id": f"https://login.salesforce.com/id/{organization}/{user}",
        "token_type": "Bearer",
        "issued_at": str(int(now.timestamp() * 1_000)),
        "signature": "c2FuZGJveA==",
    }


def own_url(request: Request) -> str:
    """Return the address under which the caller reached this host."""
    return f"{request.url.scheme}://{request.url.netloc}"


def check_client(face: "Salesforce", request: Request, form: dict[str, str]) -> None:
    """Raise VendorError where the app's key or secret is wrong, be they in the form or in Basic."""
    name, secret = form.get("client_id", ""), form.get("client_secret", "")
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
    if name != face.settings.client_id:
        raise refuse_grant("invalid_client_id", "client identifier invalid")
    tokens = face.world.tokens
    if not fits(secret, f"{tokens.ma},{tokens.crm}"):
        raise refuse_grant("invalid_client", "invalid client credentials")


def check_assertion(face: "Salesforce", request: Request, assertion: str) -> None:
    """Raise VendorError where a JWT is not what the app may sign in with; the time is the world's."""
    settings, now = face.settings, face.now().timestamp()
    options: Any = {"verify_signature": bool(settings.certificate)}
    options |= dict.fromkeys(("verify_exp", "verify_aud", "verify_iat", "verify_nbf"), False)
    try:
        claims = jwt.decode(assertion, settings.certificate, algorithms=["RS256"], options=options)
        ends = float(claims.get("exp", 0))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise refuse_grant("invalid_grant", "invalid assertion") from error
    if claims.get("iss") != settings.client_id:
        raise refuse_grant("invalid_client_id", "client identifier invalid")
    if claims.get("aud") not in (*settings.audiences, own_url(request)):
        raise refuse_grant("invalid_grant", "audience is invalid")
    if claims.get("sub") != settings.user:
        raise refuse_grant("invalid_grant", "user hasn't approved this consumer")
    if not now < ends <= now + settings.assertion_seconds:
        raise refuse_grant("invalid_grant", "invalid assertion expiration")
