"""Whether the host of a connection can be reached: its address, a connection, its certificate, the proxy."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from leadops.clients.network_route import read_route
from leadops.clients.transport import CONNECT_TIMEOUT
from leadops.errors import ConfigError
from leadops.products.check_line import CheckLine
from leadops.settings import Endpoint

#: A certificate that ends sooner is worth a line: whoever renews it may be away.
CERTIFICATE_ENDS_SOON = timedelta(days=14)
PORTS = {"http": 80, "https": 443}
REACHED = "reached"


def check_reach(endpoint: Endpoint, *, now: datetime) -> Iterator[CheckLine]:
    """Yield whether the host of `endpoint` takes a connection at `now` (UTC), and which; sends nothing.

    Behind a proxy only the proxy is connected to: the first call proves the rest of the way.
    """
    try:
        parts = urlsplit(endpoint.base_url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    if not parts.hostname or not port:
        yield CheckLine.change(
            "address", "`host` of the connection is not an address such as https://ma.example.com"
        )
        return
    try:
        proxy, ca = read_route(endpoint.extra)
    except ConfigError as error:
        yield CheckLine.change("route", str(error))
        return
    if proxy:
        yield _check_proxy(urlsplit(proxy))
    elif parts.scheme == "https":
        yield _connect(parts.hostname, port, ca=ca, now=now)
    else:
        yield _connect(parts.hostname, port, ca=None, now=now)
        if not _is_local(parts.hostname):
            yield CheckLine.note(
                "TLS",
                f"{parts.hostname} is spoken to without TLS: write https:// into `host` of the connection",
            )


def _check_proxy(proxy: SplitResult) -> CheckLine:
    place = f"{proxy.hostname}:{proxy.port or PORTS[proxy.scheme]}"
    try:
        with socket.create_connection(
            (proxy.hostname or "", proxy.port or PORTS[proxy.scheme]), timeout=CONNECT_TIMEOUT
        ):
            return CheckLine.ok(
                REACHED, f"the proxy {place} takes connections; the first call goes through it"
            )
    except OSError as error:
        return CheckLine.change(
            REACHED, f"the proxy {place} {_describe(error)}; correct `proxy` in the connection's extra"
        )


def _connect(host: str, port: int, *, ca: str | None, now: datetime) -> CheckLine:
    """Return what a connection came to; with TLS unless `ca` is None, which is not the same as empty."""
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return CheckLine.change(
            REACHED, f"{host} has no address in DNS; correct `host` of the connection, or the resolver here"
        )
    try:
        with socket.create_connection((host, port), timeout=CONNECT_TIMEOUT) as plain:
            place = f"{host} at {plain.getpeername()[0]}, port {port}"
            if ca is None:
                return CheckLine.ok(REACHED, place)
            context = ssl.create_default_context(cafile=ca or None)
            with context.wrap_socket(plain, server_hostname=host) as secure:
                return _check_certificate(place, secure, now=now)
    except ssl.SSLCertVerificationError as error:
        return CheckLine.change(
            REACHED,
            f"the certificate of {host} is not trusted ({error.verify_message}); name its CA as `ca` in the"
            " connection's extra, or correct `host`",
        )
    except ssl.SSLError as error:
        return CheckLine.change(
            REACHED, f"{host}:{port} does not speak TLS ({error.reason or 'no handshake'}); correct `host`"
        )
    except OSError as error:
        found = ", ".join(sorted(addresses))
        return CheckLine.change(
            REACHED,
            f"{host} ({found}) {_describe(error)} at port {port}; a firewall may be in the way, or it needs a"
            " `proxy` in the connection's extra",
        )


def _check_certificate(place: str, secure: ssl.SSLSocket, *, now: datetime) -> CheckLine:
    ends_at = datetime.fromtimestamp(
        ssl.cert_time_to_seconds(str((secure.getpeercert() or {}).get("notAfter"))), UTC
    )
    text = f"{place}, {secure.version()}, its certificate is valid until {ends_at:%Y-%m-%d}"
    if ends_at - now < CERTIFICATE_ENDS_SOON:
        return CheckLine.note(REACHED, f"{text}: it has to be renewed soon")
    return CheckLine.ok(REACHED, text)


def _describe(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"does not answer within {CONNECT_TIMEOUT:.0f} s"
    return "refuses connections" if isinstance(error, ConnectionRefusedError) else "cannot be reached"


def _is_local(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"
