"""How a session reaches another system: the proxy and the private CA that its connection names.

Both come from the connection's extra alone: `proxy` (http://user:password@host:port) and `ca` (the path of a
file with certificates in PEM). What the environment says (HTTPS_PROXY, REQUESTS_CA_BUNDLE) is ignored.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from urllib3.exceptions import (
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from leadops.errors import ConfigError
from leadops.mask import remember_secrets


def apply_route(session: requests.Session, extra: Mapping[str, Any]) -> None:
    """Let `session` go the way that a connection's `extra` names.

    Raises ConfigError if the proxy is not an address, or the CA is not a file with certificates.
    """
    session.trust_env = False
    proxy, ca = read_route(extra)
    if proxy:
        session.proxies = {"http": proxy, "https": proxy}
    if ca:
        session.verify = ca


def read_route(extra: Mapping[str, Any]) -> tuple[str, str]:
    """Return the proxy and the file of the CA that `extra` names, each empty where it names none.

    Raises ConfigError as `apply_route`.
    """
    proxy, ca = str(extra.get("proxy") or ""), str(extra.get("ca") or "")
    if proxy:
        _check_proxy(proxy)
    if ca:
        _check_ca(ca)
    return proxy, ca


def find_why_unsent(error: requests.ConnectionError) -> str | None:
    """Return why certainly nothing was sent, None if something may have been.

    The host has no address or takes no connection, the proxy does not lead to it, or its certificate is not
    trusted.
    """
    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    if isinstance(cause, ProxyError):
        return "the proxy does not connect" if _is_before_call(cause.original_error) else None
    if isinstance(cause, SSLError) and cause.args and isinstance(cause.args[0], ssl.SSLCertVerificationError):
        return "its certificate is not trusted; name its CA as `ca` in the connection's extra"
    return "no connection" if isinstance(cause, NewConnectionError | NameResolutionError) else None


def _is_before_call(error: Exception) -> bool:
    """Whether a proxy's failure came before the call was sent.

    urllib3 blames the proxy, too, for a connection that breaks after the call, because http.client has closed
    it by then. A CONNECT that the proxy refuses is a plain OSError (http.client, `_tunnel`).
    """
    return type(error) is OSError or isinstance(error, NewConnectionError | NameResolutionError)


def _check_proxy(proxy: str) -> None:
    try:
        parts = urlsplit(proxy)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise ConfigError(
            "`proxy` in a connection's extra is an address such as http://proxy.example.com:3128"
        )
    remember_secrets([unquote(parts.password or "")])


def _check_ca(ca: str) -> None:
    if not Path(ca).is_file():
        raise ConfigError(f"`ca` in a connection's extra: there is no file {ca}")
    try:
        ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError):
        raise ConfigError(f"`ca` in a connection's extra: {ca} holds no certificates in PEM") from None
