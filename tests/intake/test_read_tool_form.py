"""The leads of a body, each with its id and the bytes that are kept of it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_refusal import EventRefusal
from leadops.events.form_tools import FormTool
from leadops.intake.read_tool_form import ToolForm, interpret_body, read_tool_forms
from leadops.intake.take_form import TakenForm, take_form
from leadops.intake.validate_form import ValidForm
from tests.intake.tool_bodies import FACEBOOK, GOOGLE, TYPEFORM, dump
from tests.shipped import SHIPPED

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
TOOLS = SHIPPED.forms.tools


def read(name: str, body: bytes) -> list[ToolForm]:
    return read_tool_forms(
        body,
        name=name,
        tool=TOOLS[name],
        hash_key=b"k" * 16,
        sent_at=NOW,
        now=NOW,
        settings=SHIPPED.events,
    )


def reason(form: ToolForm) -> str | None:
    return form.form.verdict.reason if isinstance(form.form.verdict, EventRefusal) else None


def test_one_lead_is_kept_as_it_came() -> None:
    body = json.dumps(TYPEFORM, indent=1).encode()
    (form,) = read("typeform", body)
    assert form.body == body
    assert isinstance(form.form.verdict, ValidForm)
    assert form.form.verdict.row["email"] == "ann@buyers.example"
    assert not form.is_test


def test_each_lead_of_several_is_kept_as_its_part() -> None:
    first, second = read("facebook", dump(FACEBOOK))
    assert json.loads(first.body)["leadgen_id"] == "444444444444"
    assert json.loads(second.body) == {"leadgen_id": "444444444445", "form_id": "555"}
    assert first.form.submission_id != second.form.submission_id
    assert (reason(first), reason(second)) == ("no_answers", "no_answers")


def test_the_key_is_neither_kept_nor_a_property() -> None:
    (form,) = read("google", dump(GOOGLE))
    assert GOOGLE["google_key"] not in form.body.decode()
    assert GOOGLE["google_key"] not in json.dumps(form.form.content)


@pytest.mark.parametrize(("given", "is_test"), [(True, True), (False, False), ("true", False), (None, False)])
def test_only_true_is_a_test(given: Any, is_test: bool) -> None:
    (form,) = read("google", dump(GOOGLE | {"is_test": given}))
    assert form.is_test is is_test


def test_what_is_kept_is_read_again_in_the_same_way() -> None:
    for name, body in (("typeform", dump(TYPEFORM)), ("google", dump(GOOGLE)), ("facebook", dump(FACEBOOK))):
        for form in read(name, body):
            again = interpret_body(form.body, name, TOOLS)
            if isinstance(again, EventRefusal):
                assert again.reason == reason(form)
            else:
                assert again == form.form.content


def test_a_form_of_our_own_contract_is_read_as_it_is() -> None:
    assert interpret_body(b'{"email": "a"}', None, TOOLS) == {"email": "a"}
    unknown = interpret_body(b"{}", "gone", TOOLS)
    assert isinstance(unknown, EventRefusal)
    assert unknown.reason == "unknown_tool"


def test_whoever_was_erased_is_not_kept_by_a_tool_either(database_url: str, connection: Connection) -> None:
    erased = ErasedFilter((b"e" * 16,))
    body = {"id": 1, "who": {"member": "u-77"}, "email": "no address"}
    tool = FormTool.model_validate(
        {
            "token": {"header": "X"},
            "answers": {"at": ["."]},
            "fields": {"email": ["email"]},
            "body": {"user_id": ["who.member"]},
        }
    )
    (form,) = read_tool_forms(
        dump(body), name="own", tool=tool, hash_key=b"k" * 16, sent_at=NOW, now=NOW, settings=SHIPPED.events
    )

    async def keep() -> TakenForm:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as asynchronous:
            return await take_form(
                asynchronous,
                form.form,
                body=form.body,
                secret=1,
                signed_at=NOW,
                hash_key=b"k" * 16,
                forms=SHIPPED.events.forms,
                identity=SHIPPED.identity,
                now=NOW,
                erased=erased,
                tool="own",
            )

    connection.execute(
        "with erasure as ("
        " insert into erased.erasures (lead_ids, erased_at, day_ends_at, erased_by, key_check)"
        " values ('{1}', %(at)s, %(at)s, 'me', %(check)s) returning erasure_id)"
        " insert into erased.identifiers (hash, erasure_id, erased_at, day_ends_at)"
        " select %(hash)s, erasure_id, %(at)s, %(at)s from erasure",
        {
            "at": NOW + timedelta(hours=1),
            "check": erased.key_checks[0],
            "hash": erased.hash_for_record("user_id", "u-77"),
        },
    )
    connection.commit()
    assert asyncio.run(keep()).refusal
    row = connection.execute("select count(*) from intake.quarantined_forms").fetchone()
    assert row == (0,), "its mapping says whose form it is"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            {"key": "top-secret", "items": [{"email": f"a{n}@b.example"} for n in range(101)]},
            "too_many_leads",
        ),
        ([{"key": "top-secret", "email": "a@b.example"}, 7], "not_an_object"),
        ([[{"key": "top-secret", "email": "a@b.example"}]], "not_an_object"),
    ],
)
def test_the_key_is_not_kept_of_a_body_that_cannot_be_split(content: Any, why: str) -> None:
    tool = FormTool.model_validate(
        {
            "token": {"body": "key"},
            "leads": "items.*",
            "answers": {"at": ["."]},
            "fields": {"email": ["email"]},
        }
    )
    (form,) = read_tool_forms(
        dump(content),
        name="bulk",
        tool=tool,
        hash_key=b"k" * 16,
        sent_at=NOW,
        now=NOW,
        settings=SHIPPED.events,
    )
    assert reason(form) == why
    assert b"top-secret" not in form.body
    if isinstance(content, dict):
        assert json.loads(form.body) == {"items": content["items"]}
