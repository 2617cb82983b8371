"""Through a proxy, and to a server whose CA nobody else trusts; over real sockets."""

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from leadops.clients.call_outcomes import Answered, Outcome, Unreachable
from leadops.clients.transport import Transport
from leadops.errors import ConfigError
from leadops.mask import mask_text
from leadops.settings import Endpoint

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@contextmanager
def serve(answer: bytes, *, context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """Answer each connection with these bytes; yield the port and what was asked."""
    listener, asked = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) if context else connection as stream:
                    asked.append(stream.recv(65536))
                    stream.sendall(answer)
            except ssl.SSLError:
                continue  # a client that does not trust us
            except OSError:
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def call(url: str, **extra: Any) -> Outcome:
    transport = Transport(Endpoint(base_url=url, timeout=5, extra=extra))
    try:
        return transport.send("GET", "/x")
    finally:
        transport.close()


def test_a_call_goes_through_the_proxy_of_its_connection() -> None:
    with serve(OK) as (port, asked):
        # Only the proxy could know this host.
        assert call("http://crm.invalid", proxy=f"http://me:pass-word-1@127.0.0.1:{port}") == Answered(
            200, {}
        )
    assert asked[0].startswith(b"GET http://crm.invalid/x HTTP/1.1")
    assert b"Proxy-Authorization: Basic bWU6cGFzcy13b3JkLTE=" in asked[0]
    assert "pass-word-1" not in mask_text("the password is pass-word-1", longest=200)


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(OK) as (port, asked):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert call(f"http://127.0.0.1:{port}") == Answered(200, {})
        assert asked[0].startswith(b"GET /x ")


def test_a_proxy_that_is_away_or_refuses_sends_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for url in ("http://crm.invalid", "https://crm.invalid"):
        assert call(url, proxy=f"http://127.0.0.1:{port}") == Unreachable("the proxy does not connect")
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with serve(refusal) as (port, asked):
        assert call("https://crm.invalid", proxy=f"http://127.0.0.1:{port}") == Unreachable(
            "the proxy does not connect"
        )
        assert asked[0].startswith(b"CONNECT crm.invalid:443")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_a_proxy_that_breaks_off_may_have_passed_the_call_on(answer: bytes) -> None:
    with serve(answer) as (port, asked):
        outcome = call("http://crm.invalid", proxy=f"http://127.0.0.1:{port}")
        assert asked[0].startswith(b"GET http://crm.invalid/x")
        assert not isinstance(outcome, Unreachable)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of a certificate for 127.0.0.1 that signed itself, and of its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "private CA")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "ca.pem", folder / "key.pem"


def test_a_private_ca_is_trusted_by_its_connection_alone(certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serve(OK, context=context) as (port, asked):
        url = f"https://127.0.0.1:{port}"
        refused = call(url)
        assert isinstance(refused, Unreachable)
        assert "certificate is not trusted" in refused.reason
        assert asked == [], "nothing was sent"
        assert call(url, ca=str(certificate[0])) == Answered(200, {})


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        ({"proxy": "proxy.example.com:3128"}, "http://proxy.example.com:3128"),
        ({"proxy": "socks5://127.0.0.1"}, "is an address"),
        ({"proxy": "http://"}, "is an address"),
        ({"proxy": "http://host:port"}, "is an address"),
        ({"ca": "/nowhere/ca.pem"}, "no file /nowhere/ca.pem"),
    ],
)
def test_what_leads_nowhere_is_named_before_a_call(extra: dict[str, str], word: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Transport(Endpoint(base_url="https://crm.example", extra=extra))
    assert word in str(raised.value)


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(json.dumps({}))
    with pytest.raises(ConfigError, match="holds no certificates"):
        Transport(Endpoint(base_url="https://crm.example", extra={"ca": str(tmp_path / "ca.pem")}))


@pytest.mark.parametrize("extra", [{}, {"proxy": None, "ca": None}, {"proxy": "", "ca": ""}])
def test_without_them_a_call_goes_straight(extra: dict[str, Any]) -> None:
    with serve(OK) as (port, _):
        assert call(f"http://127.0.0.1:{port}", **extra) == Answered(200, {})
