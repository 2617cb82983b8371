"""How leadops signs in to Salesforce: by a JWT that its key signs, or by client credentials.

Neither knows a refresh token, which works once where it rotates and is refused to all but one of several
callers. The answer does not say how long a session lives: it ends with 401 INVALID_SESSION_ID.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt

from leadops.clients.call_outcomes import Answered, HttpAnswer, Outcome, Refused
from leadops.clients.shared_token import SharedToken
from leadops.clients.transport import Transport
from leadops.errors import ConfigError, PermanentError, TransientError
from leadops.mask import mask_text, remember_secrets
from leadops.settings import Endpoint

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Seconds for which a signed assertion counts; Salesforce takes at most five minutes.
ASSERTION_SECONDS = 180
LOGIN, TEST_LOGIN = "https://login.salesforce.com", "https://test.salesforce.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
#: What to change about the commonest refusals of a sign-in (RFC 6749, 5.2, and Salesforce's own words).
ADVICE = {
    "invalid_client_id": "correct `login` of the connection: it is the consumer key of the app",
    "invalid_client": "correct the password of the connection: it is the consumer secret of the app",
    "invalid_app_access": "assign the app to the user whom the connection names",
    "unsupported_grant_type": "switch on this flow in the app",
    "invalid_grant": (
        "the app must know the certificate of `key_file` and be approved for `user`, `audience` must be the"
        " login address, and the clock here must be right"
    ),
}
#: What Salesforce's edge answers while it takes no more calls; it says nothing of the sign-in.
EDGE_IS_BUSY = 420
#: Words of refusals that end by themselves.
PASSING = ("rate exceeded", "rate limit", "too many", "server_error", "temporarily_unavailable")


def open_salesforce_access(endpoint: Endpoint, *, clock: Callable[[], float] = time.time) -> SharedToken:
    """Return the access of a connection; one session for all of them in this process.

    `clock` gives the seconds since 1970 (UTC). What is wrong with the connection shows when a token is asked
    for, as refused credentials.
    """
    extra = endpoint.extra
    account = (
        *(endpoint.base_url, endpoint.login, endpoint.token),
        *(str(extra.get(name)) for name in ("grant", "user", "key_file", "audience")),
    )
    return SharedToken(account, lambda: ask_session(endpoint, now=clock()))


def ask_session(endpoint: Endpoint, *, now: float) -> str:
    """Return a new session of Salesforce; `now` is in seconds since 1970.

    Raises TransientError where Salesforce does not answer, PermanentError where it refuses us, with what to
    change.
    """
    remember_secrets([endpoint.token])
    form = form_grant(endpoint, now=now)
    answers: list[HttpAnswer] = []

    def keep(answer: HttpAnswer, outcome: Outcome) -> Outcome:
        answers.append(answer)
        return outcome

    transport = Transport(endpoint.model_copy(update={"token": ""}), classify=keep)
    try:
        outcome = transport.send("POST", TOKEN_PATH, body=urlencode(form).encode(), headers=FORM)
    finally:
        transport.close()
    if isinstance(outcome, Refused):
        raise _describe_refusal(outcome, answers[-1].body if answers else None)
    if not isinstance(outcome, Answered):
        raise TransientError(f"Salesforce gives no session: {outcome.reason}")
    body = outcome.body if isinstance(outcome.body, dict) else {}
    session, instance = body.get("access_token"), str(body.get("instance_url") or "")
    if not isinstance(session, str) or not session:
        raise TransientError("Salesforce gives no session: the answer has no access_token")
    if endpoint.base_url in (LOGIN, TEST_LOGIN):
        raise PermanentError(
            f"`host` of the connection must be your My Domain: {instance or 'https://….my.salesforce.com'}"
        )
    return session


def form_grant(endpoint: Endpoint, *, now: float) -> dict[str, str]:
    """Return the form with which a connection signs in; raise ConfigError that says what it lacks."""
    extra = endpoint.extra
    grant = extra.get("grant") or ("jwt" if extra.get("key_file") else "client_credentials")
    if not endpoint.login:
        raise ConfigError("`login` of the connection is missing: it is the consumer key of the app")
    if grant == "client_credentials":
        if not endpoint.token:
            raise ConfigError(
                "the password of the connection is missing: it is the consumer secret of the app"
            )
        return {"grant_type": grant, "client_id": endpoint.login, "client_secret": endpoint.token}
    if grant != "jwt":
        raise ConfigError(f"`grant` in the connection's extra is jwt or client_credentials, not {grant!r}")
    user = extra.get("user")
    if not isinstance(user, str) or not user:
        raise ConfigError("`user` in the connection's extra is missing: it is the user name of leadops' user")
    claims = {
        "iss": endpoint.login,
        "sub": user,
        "aud": str(extra.get("audience") or find_audience(endpoint.base_url)),
        "exp": int(now) + ASSERTION_SECONDS,
    }
    return {"grant_type": JWT_BEARER, "assertion": _sign(claims, extra.get("key_file"))}


def find_audience(base_url: str) -> str:
    """Return for whom an assertion is: the login address, for a sandbox that of sandboxes."""
    host = urlsplit(base_url).hostname or ""
    is_sandbox = ".sandbox." in host or "--" in host.partition(".")[0]
    return TEST_LOGIN if is_sandbox else LOGIN


def _sign(claims: dict[str, Any], key_file: object) -> str:
    """Return `claims` as a JWT signed by RS256 (RFC 7523); raise ConfigError where the key cannot be used."""
    if not isinstance(key_file, str) or not key_file:
        raise ConfigError(
            "`key_file` in the connection's extra is missing: the path of the private key in PEM"
        )
    try:
        key = Path(key_file).read_bytes()
    except OSError as error:
        raise ConfigError(f"`key_file` in the connection's extra: {key_file}: {error.strerror}") from None
    try:
        return jwt.encode(claims, key, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ConfigError(
            f"`key_file` in the connection's extra: {key_file} holds no RSA key in PEM without a password"
        ) from None


def _describe_refusal(outcome: Refused, body: Any) -> PermanentError | TransientError:
    """Return what a refused sign-in means, with what to change."""
    if outcome.status == EDGE_IS_BUSY:
        return TransientError(f"Salesforce gives no session now: its edge asks to wait ({outcome.status})")
    problem = body if isinstance(body, dict) else {}
    error = problem.get("error")
    description = problem.get("error_description")
    if not isinstance(error, str):
        return PermanentError(f"Salesforce gives no session: {outcome.reason}")
    text = mask_text(f"{error}: {description}" if isinstance(description, str) else error, longest=150)
    if any(word in text.lower() for word in PASSING):
        return TransientError(f"Salesforce gives no session now ({text})")
    advice = ADVICE.get(error, "look at the app's login history in Salesforce")
    return PermanentError(f"Salesforce gives no session ({text}): {advice}")
