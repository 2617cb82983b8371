"""Messages as Segment's specs show them, and the events that they become; every value is worked by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.events.event_refusal import RefusedItem
from leadops.events.segment_messages import read_message
from leadops.normalization.event_names import fold_name
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def read(message: object, *, call: str | None = None, sent_at: object = None, **more: Any) -> Any:
    values: dict[str, Any] = {"names": {}, "max_bytes": 32768} | more
    return read_message(message, call=call, sent_at=sent_at, now=NOW, **values)


def track(**more: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": "m-1", "userId": "u-1", "event": "Item Viewed"} | more


def test_a_track_becomes_an_event() -> None:
    message = track(
        anonymousId="a-1",
        timestamp="2026-07-01T09:29:00.000Z",
        properties={"plan": "team"},
        context={
            "page": {"path": "/pricing", "url": "https://www.example.com/pricing?x=1", "title": "Pricing"},
            "campaign": {"name": "summer", "source": "ad", "medium": "cpc"},
            "userAgent": "Mozilla/5.0",
            "ip": "192.0.2.7",
            "locale": "ja-JP",
            "traits": {"email": "ann@buyers.example", "plan": "x"},
            "consent": {"categoryPreferences": {"Advertising": True, "Analytics": False}},
        },
        integrations={"All": True},
        writeKey="never kept",
    )
    assert read(message) == {
        "event_id": "m-1",
        "event": "item_viewed",
        "ts": "2026-07-01T09:29:00+00:00",
        "anonymous_id": "a-1",
        "user_id": "u-1",
        "email": "ann@buyers.example",
        "properties": {"plan": "team"},
        "context": {
            "page": "/pricing",
            "site": "www.example.com",
            "utm": {"campaign": "summer", "source": "ad", "medium": "cpc"},
            "user_agent": "Mozilla/5.0",
            "consent": {"Advertising": True, "Analytics": False},
            "locale": "ja-JP",
        },
    }


def test_an_identify_has_the_traits_as_rules_ask_for_them() -> None:
    item = read(
        {
            "messageId": "m-2",
            "userId": 42,
            "traits": {
                "email": "ann@buyers.example",
                "firstName": "Ann",
                "title": "Head of Sales",
                "company": {"name": "Buyers", "employee_count": 120, "industry": "software", "id": "c-1"},
                "address": {"city": "Tokyo", "country": "JP"},
            },
        },
        call="identify",
    )
    assert (item["event"], item["user_id"], item["email"]) == ("identify", "42", "ann@buyers.example")
    assert item["properties"] == {
        "firstName": "Ann",
        "title": "Head of Sales",
        "company": "Buyers",
        "employees": 120,
        "industry": "software",
        "country": "JP",
        "address": {"city": "Tokyo", "country": "JP"},
    }


def test_traits_of_rudderstacks_context_count_too() -> None:
    item = read(
        {
            "messageId": "m",
            "anonymousId": "a",
            "context": {"traits": {"email": "b@c.example", "industry": "it"}},
        },
        call="identify",
    )
    assert (item["email"], item["properties"]) == ("b@c.example", {"industry": "it"})
    assert "traits" not in item["context"]


@pytest.mark.parametrize(
    ("properties", "context", "page", "site"),
    [
        ({"path": "/pricing"}, {}, "/pricing", None),
        ({"url": "https://www.example.com/a/b?q=1#x"}, {}, "/a/b", "www.example.com"),
        ({"url": "https://www.example.com"}, {}, "/", "www.example.com"),
        ({}, {"page": {"path": "/c", "url": "https://x.example/c"}}, "/c", "x.example"),
        ({"path": "/own"}, {"page": {"path": "/other"}}, "/own", None),
    ],
)
def test_a_page_is_a_page_view_of_its_path(
    properties: dict[str, Any], context: dict[str, Any], page: str, site: str | None
) -> None:
    message = {
        "messageId": "m",
        "anonymousId": "a",
        "name": "Home",
        "properties": properties,
        "context": context,
    }
    item = read(message, call="page")
    assert item["event"] == "page_view"
    assert (item["context"].get("page"), item["context"].get("site")) == (page, site)
    assert item["properties"]["name"] == "Home"


def test_a_screen_is_viewed_by_its_name() -> None:
    item = read({"messageId": "m", "userId": "u", "name": "Welcome"}, call="screen")
    assert (item["event"], item["context"]["page"]) == ("screen_view", "Welcome")


def test_a_group_says_of_a_person_where_they_work() -> None:
    item = read(
        {
            "messageId": "m",
            "userId": "u",
            "groupId": "g-1",
            "traits": {
                "name": "Buyers",
                "employees": 120,
                "industry": "software",
                "email": "info@buyers.example",
                "plan": "x",
            },
        },
        call="group",
    )
    assert item["event"] == "identify"
    assert "email" not in item, "the address of a company is not the person's"
    assert item["properties"] == {
        "company": "Buyers",
        "employees": 120,
        "industry": "software",
        "group_id": "g-1",
        "group": {"email": "info@buyers.example", "plan": "x"},
    }


def test_an_alias_ties_the_former_id_to_the_new_one() -> None:
    item = read({"messageId": "m", "previousId": "a-9", "userId": "u-9"}, call="alias")
    assert (item["event"], item["anonymous_id"], item["user_id"]) == ("identify", "a-9", "u-9")


# Segment: timestamp = receivedAt - (sentAt - originalTimestamp)
@pytest.mark.parametrize(
    ("times", "sent_at", "ts"),
    [
        # A clock that is an hour ahead, an event of two minutes ago.
        ({"timestamp": "2026-07-01T10:28:00Z"}, "2026-07-01T10:30:00Z", "2026-07-01T09:28:00+00:00"),
        # A clock that is a day behind; the zone does not matter.
        ({"timestamp": "2026-06-30T18:29:30+09:00"}, "2026-06-30T09:30:00Z", "2026-07-01T09:29:30+00:00"),
        # RudderStack and Segment's own copy keep what the device said in originalTimestamp.
        (
            {"originalTimestamp": "2026-07-01T09:00:00Z", "timestamp": "2020-01-01T00:00:00Z"},
            "2026-07-01T09:00:10Z",
            "2026-07-01T09:29:50+00:00",
        ),
        # The message's own sentAt counts before the batch's.
        (
            {"timestamp": "2026-07-01T09:00:00Z", "sentAt": "2026-07-01T09:00:05Z"},
            "2026-07-01T11:00:00Z",
            "2026-07-01T09:29:55+00:00",
        ),
        ({"timestamp": "2026-07-01T09:00:00Z"}, None, "2026-07-01T09:00:00+00:00"),
        ({"timestamp": "2026-07-01T09:00:00Z"}, "soon", "2026-07-01T09:00:00+00:00"),
        ({}, "2026-07-01T10:30:00Z", "2026-07-01T09:30:00+00:00"),
        # What is no time goes on as it is, to the quarantine.
        ({"timestamp": "yesterday"}, "2026-07-01T10:30:00Z", "yesterday"),
        ({"timestamp": "2026-07-01T09:00:00"}, None, "2026-07-01T09:00:00"),
        ({"timestamp": 1782898200}, None, 1782898200),
        ({"timestamp": "0001-01-01T00:00:00Z"}, "9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_clocks_are_corrected(times: dict[str, Any], sent_at: object, ts: object) -> None:
    assert read(track(**times), sent_at=sent_at)["ts"] == ts


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Order Completed", "order_completed"),
        ("orderCompleted", "order_completed"),
        ("view_pricing", "view_pricing"),
        ("  Signed-Up! ", "signed_up"),
        ("URL Opened", "url_opened"),
    ],
)
def test_names_are_written_as_ours(name: str, folded: str) -> None:
    assert fold_name(name) == folded
    assert read(track(event=name))["event"] == folded


@pytest.mark.parametrize("name", ["資料請求", "Bestätigt", "2nd step", "!", 5, None])
def test_a_name_that_would_lose_something_goes_on_as_it_is(name: object) -> None:
    assert read(track(event=name))["event"] == name


def test_names_of_the_settings_come_first() -> None:
    names = change(
        SHIPPED.events, track_names={"Pricing Viewed": "view_pricing", "資料請求": "request_document"}
    )
    for given, ours in (
        ("Pricing Viewed", "view_pricing"),
        ("pricingViewed", "view_pricing"),
        ("資料請求", "request_document"),
    ):
        assert read(track(event=given), names=names.track_names)["event"] == ours


def test_without_a_message_id_what_is_said_is_the_id() -> None:
    message = {
        "userId": "u",
        "event": "x",
        "timestamp": "2026-07-01T09:00:00Z",
        "sentAt": "2026-07-01T09:00:01Z",
    }
    first = read(message, call="track")["event_id"]
    assert read(message | {"sentAt": "2026-07-01T09:05:00Z"}, call="track")["event_id"] == first
    assert read(message | {"userId": "v"}, call="track")["event_id"] != first
    assert read(message, call="page")["event_id"] != first


def test_what_cannot_be_an_event_is_refused_whole_and_without_the_key() -> None:
    assert read("text") == "text"
    for kind in ("click", ["track"], None):
        refused = read(track(type=kind, writeKey="secret", anonymousId="a-1"))
        assert isinstance(refused, RefusedItem)
        assert refused.refusal.reason == "unknown_call"
        ids = {"anonymous_id": "a-1", "user_id": "u-1"}
        assert refused.item == ids | track(type=kind, anonymousId="a-1"), "erasures know it by our names"


def test_what_is_too_large_waits_as_the_event_that_it_would_be() -> None:
    message = track(properties={"text": "x" * 32768}, writeKey="secret")
    refused = read(message)
    assert isinstance(refused, RefusedItem)
    assert refused.refusal.reason == "too_large"
    assert refused.item == read(message, max_bytes=100_000)


def test_32_kilobytes_are_not_too_large() -> None:
    message = track(properties={"text": ""})
    # The compact JSON of the message without the text has 103 bytes less than it with 103 characters.
    rest = 32768 - len(
        '{"type":"track","messageId":"m-1","userId":"u-1","event":"Item Viewed","properties":{"text":""}}'
    )
    message["properties"]["text"] = "x" * rest
    assert not isinstance(read(message), RefusedItem)
    message["properties"]["text"] += "x"
    assert isinstance(read(message), RefusedItem)


@pytest.mark.parametrize("value", [None, "", [], {}, 5, True, "text"])
@pytest.mark.parametrize(
    "field", ["properties", "context", "traits", "userId", "anonymousId", "messageId", "name"]
)
@pytest.mark.parametrize("call", ["track", "identify", "page", "screen", "group", "alias"])
def test_no_field_of_another_type_breaks_it(call: str, field: str, value: object) -> None:
    item = read(track(**{field: value}), call=call)
    assert {"event_id", "event", "ts"} <= item.keys()


def test_consent_of_rudderstack_is_by_id() -> None:
    management = {"allowedConsentIds": ["C0001"], "deniedConsentIds": ["C0002", 7]}
    item = read(track(context={"consentManagement": management}))
    assert item["context"] == {"consent": {"C0001": True, "C0002": False}}
