"""simple-salesforce talks to the face over TLS, and understands all that it says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceExpiredSession, SalesforceMalformedRequest

from leadops_sandbox.serve import Certificate, serve_in_thread
from leadops_sandbox.settings import Tokens

from .conftest import lead

KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


def make_certificate(folder: Path) -> Certificate:
    """A certificate for this machine that signs itself; the callers trust it alone."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(KEY, hashes.SHA256())
    )
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(PRIVATE)
    return Certificate(chain, key)


class ToSandbox(HTTPAdapter):
    """Sends what is for Salesforce's sign-in host to the sandbox."""

    def __init__(self, url: str) -> None:
        self.netloc = urlsplit(url).netloc
        super().__init__()

    def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
        request.url = urlsplit(request.url)._replace(netloc=self.netloc).geturl()
        return super().send(request, *args, **options)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[str, requests.Session]]:
    certificate = make_certificate(tmp_path)
    options: dict[str, Any] = {"product": "salesforce", "sales_work": False, "certificate": certificate}
    with serve_in_thread(tmp_path / "state", **options) as url, requests.Session() as session:
        session.trust_env, session.verify = False, str(certificate.chain)
        session.mount("https://login.salesforce.com", ToSandbox(url))
        session.mount("https://acme.my.salesforce.com", ToSandbox(url))
        yield url, session


def test_it_signs_in_by_an_assertion_and_writes_reads_and_pages(place: tuple[str, requests.Session]) -> None:
    url, session = place
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings = {"product": {"certificate": public.decode(), "query_page": 2}}
    assert session.post(f"{url}/_settings", json=settings).status_code == 200
    client = Salesforce(
        username="leadops@acme.example",
        consumer_key="sandbox-client",
        privatekey=PRIVATE.decode(),
        session=session,
        version="66.0",
    )
    off = {"Sforce-Auto-Assign": "FALSE"}
    for number in range(5):
        fields = lead(number, LeadOps_Score__c=number)
        del fields["LeadOps_Id__c"]
        assert client.Lead.upsert(f"LeadOps_Id__c/lead-{number}", fields, headers=off) == 201
    rows = client.query_all("SELECT Id, LeadOps_Score__c FROM Lead ORDER BY SystemModstamp, Id")
    assert rows["totalSize"] == 5
    assert [row["LeadOps_Score__c"] for row in rows["records"]] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert client.api_usage["api-usage"].total == 100_000
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    one = client.Lead.get_by_custom_id("LeadOps_Id__c", "lead-3")
    assert one["LeadOps_Score__c"] == 3.0
    assert client.Lead.update(one["Id"], {"LeadOps_Score__c": 9}, headers=off) == 204
    records = [{"attributes": {"type": "Lead"}, "id": one["Id"], "LeadOps_Score__c": 17}]
    body = {"allOrNone": False, "records": records}
    results = client.restful("composite/sobjects", method="PATCH", json=body, headers=off)
    assert [result["success"] for result in results] == [True]
    assert client.Lead.get(one["Id"])["LeadOps_Score__c"] == 17.0
    assert client.is_sandbox() is False
    now = datetime.now(UTC)
    changed = client.Lead.updated(now - timedelta(hours=1), now + timedelta(hours=1))
    assert len(changed["ids"]) == 5


def test_it_signs_in_by_client_credentials_and_raises_what_is_refused(
    place: tuple[str, requests.Session],
) -> None:
    url, session = place
    client = Salesforce(
        consumer_key="sandbox-client",
        consumer_secret=Tokens().crm,
        domain="acme.my",
        session=session,
        version="66.0",
    )
    with pytest.raises(SalesforceMalformedRequest) as raised:
        client.query("SELECT Nothing__c FROM Lead")
    assert raised.value.content[0]["errorCode"] == "INVALID_FIELD"
    fault = {"target": "salesforce", "kind": "invalid_session", "path": "/services/data/*"}
    assert session.post(f"{url}/_faults", json=fault).status_code == 201
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Lead")
