"""Each tool's signature: made here by the steps of its own page, and by openssl where the comment says so."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from leadops.events.event_refusal import EventRefusal
from leadops.events.form_tools import FormTool
from leadops.intake.tool_proof import ToolCall, ToolSigner, find_tool_signer
from tests.shipped import SHIPPED

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
MILLISECONDS = "1782898200000"
OLD, NEW = "old-secret-0123456789", "new-secret-0123456789"
BODY = '{"email": "ann@buyers.example", "name": "{timestamp} é"}'.encode()
URL = "https://events.example.com/webhook/form/hubspot"
TOOLS = SHIPPED.forms.tools
HUBSPOT = TOOLS["hubspot"].model_copy(update={"url": URL})


def digest(secret: str, text: bytes) -> bytes:
    return hmac.new(secret.encode(), text, hashlib.sha256).digest()


def sign_as(
    name: str, secret: str, *, body: bytes = BODY, at: str = MILLISECONDS, query: str = ""
) -> dict[str, str]:
    """Return the headers that the tool sends."""
    if name == "hubspot":
        url = URL + (f"?{query}" if query else "")
        signature = base64.b64encode(digest(secret, b"POST" + url.encode() + body + at.encode())).decode()
        return {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": at}
    if name == "typeform":
        return {"typeform-signature": "sha256=" + base64.b64encode(digest(secret, body)).decode()}
    if name == "webflow":
        signature = digest(secret, at.encode() + b":" + body).hex()
        return {"x-webflow-signature": signature, "x-webflow-timestamp": at}
    return {"x-hub-signature-256": "sha256=" + digest(secret, body).hex()}


def prove(
    tool: FormTool,
    headers: dict[str, str],
    *,
    body: bytes = BODY,
    query: str = "",
    parameters: dict[str, str] | None = None,
    secrets: tuple[str, ...] = (OLD, NEW),
) -> ToolSigner | EventRefusal:
    call = ToolCall("POST", query, parameters or {}, headers, body)
    return find_tool_signer(tool, secrets, call, now=NOW, window=timedelta(minutes=5))


def reason(proof: ToolSigner | EventRefusal) -> str:
    assert isinstance(proof, EventRefusal)
    return proof.reason


SIGNERS = {
    name: HUBSPOT if name == "hubspot" else TOOLS[name]
    for name in ("hubspot", "typeform", "webflow", "facebook")
}


@pytest.mark.parametrize("name", sorted(SIGNERS))
def test_each_secret_in_force_proves_a_call(name: str) -> None:
    for place, secret in enumerate((OLD, NEW)):
        assert prove(SIGNERS[name], sign_as(name, secret)) == ToolSigner(place, NOW)


@pytest.mark.parametrize("name", sorted(SIGNERS))
def test_a_wrong_secret_or_an_altered_body_proves_nothing(name: str) -> None:
    tool = SIGNERS[name]
    assert reason(prove(tool, sign_as(name, "another-secret-0123"))) == "bad_signature"
    assert reason(prove(tool, sign_as(name, OLD), body=BODY + b" ")) == "bad_signature"
    assert reason(prove(tool, sign_as(name, OLD), secrets=())) == "bad_signature"
    (header,) = (key for key in sign_as(name, OLD) if "signature" in key)
    for given in ("", "sha256=", "é", "0" * 64):
        assert reason(prove(tool, sign_as(name, OLD) | {header: given})) == "bad_signature"


@pytest.mark.parametrize("name", ["hubspot", "webflow"])
def test_a_call_is_good_for_five_minutes(name: str) -> None:
    for seconds, is_good in ((-301, False), (-300, True), (300, True), (301, False)):
        at = str(1782898200000 + seconds * 1000)
        proof = prove(SIGNERS[name], sign_as(name, OLD, at=at))
        assert isinstance(proof, ToolSigner) is is_good
        if isinstance(proof, ToolSigner):
            assert proof.sent_at == NOW + timedelta(seconds=seconds)
        else:
            assert proof.reason == "stale"
    for at in ("", "soon", "-5", "1" * 15, "１"):
        assert reason(prove(SIGNERS[name], sign_as(name, OLD, at=at))) == "no_timestamp"
    seconds_only = sign_as(name, OLD, at="1782898200")
    assert reason(prove(SIGNERS[name], seconds_only)) == "stale", "the tool counts milliseconds"


def test_hubspot_signs_the_address_with_its_query_and_some_characters_decoded() -> None:
    # https://…/hubspot?to=a%40b.example%2Fc&x=%20 is signed with @ and / decoded, and %20 as it is.
    signed = f"POST{URL}?to=a@b.example/c&x=%20".encode() + BODY + MILLISECONDS.encode()
    signature = base64.b64encode(digest(OLD, signed)).decode()
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": MILLISECONDS}
    assert isinstance(prove(HUBSPOT, headers, query="to=a%40b.example%2fc&x=%20"), ToolSigner)
    assert reason(prove(HUBSPOT, headers, query="to=a%40b.example")) == "bad_signature"
    assert reason(prove(TOOLS["hubspot"], headers)) == "bad_signature", "without url nothing fits"


def test_known_values() -> None:
    # printf '{}' | openssl dgst -sha256 -hmac key -binary | base64
    typeform = {"typeform-signature": "sha256=p3dyTZQ+tI3Gm8qKSm1XoE2z+ex+HeTlgehgJlvfMDI="}
    assert isinstance(prove(TOOLS["typeform"], typeform, body=b"{}", secrets=("key",)), ToolSigner)
    # printf '1782898200000:{}' | openssl dgst -sha256 -hmac key
    webflow = {
        "x-webflow-signature": "73efe8e748c815121d552a871c64f8dd3c99ddb319f682518c8dae7526c5bb22",
        "x-webflow-timestamp": MILLISECONDS,
    }
    assert isinstance(prove(TOOLS["webflow"], webflow, body=b"{}", secrets=("key",)), ToolSigner)


def make_tool(**proof: object) -> FormTool:
    return FormTool.model_validate({"answers": {"at": ["."]}, "fields": {"email": ["email"]}, **proof})


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_tool_of_ones_own_signs_as_its_settings_say(algorithm: str) -> None:
    signature = {
        "header": "X-Sig",
        "algorithm": algorithm,
        "encoding": "hex",
        "prefix": "v0=",
        "signed": "v0:{timestamp}:{body}",
        "timestamp_header": "X-Time",
    }
    tool = make_tool(signature=signature)
    made = hmac.new(OLD.encode(), b"v0:1782898200:" + BODY, algorithm).hexdigest()
    for given in (f"v0={made}", f" V0={made.upper()} "):
        assert prove(tool, {"x-sig": given, "x-time": "1782898200"}) == ToolSigner(0, NOW)
    assert reason(prove(tool, {"x-sig": made, "x-time": "1782898200"})) == "bad_signature", (
        "without the prefix"
    )


def test_a_token_comes_along_in_one_place() -> None:
    header = make_tool(token={"header": "Authorization", "prefix": "Bearer "})
    assert prove(header, {"authorization": f"Bearer {NEW}"}) == ToolSigner(1, NOW)
    query = make_tool(token={"query": "token"})
    assert prove(query, {}, parameters={"token": OLD}) == ToolSigner(0, NOW)
    body = f'{{"google_key": "{NEW}"}}'.encode()
    assert prove(TOOLS["google"], {}, body=body) == ToolSigner(1, NOW)


@pytest.mark.parametrize("given", ["", OLD, f"bearer {OLD}", "Bearer ", f"Bearer {OLD}x", "Bearer é"])
def test_another_token_proves_nothing(given: str) -> None:
    tool = make_tool(token={"header": "Authorization", "prefix": "Bearer "})
    assert reason(prove(tool, {"authorization": given})) == "bad_signature"


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b"{}", b'{"google_key": null}', b'{"google_key": 5}']
)
def test_a_body_without_its_key_proves_nothing(body: bytes) -> None:
    assert reason(prove(TOOLS["google"], {}, body=body)) == "bad_signature"
