"""What a tool in forms.yaml may say; each mistake has its own sentence."""

from typing import Any

import pytest
from pydantic import ValidationError

from leadops.events.form_tools import FormTool
from tests.shipped import SHIPPED, change

SIGNATURE = {"header": "X-Sig", "algorithm": "sha256", "encoding": "hex", "signed": "{body}"}
TOOL: dict[str, Any] = {"signature": SIGNATURE, "answers": {"at": ["."]}, "fields": {"email": ["email"]}}


def test_a_tool_may_be_small() -> None:
    tool = FormTool.model_validate(TOOL)
    assert not tool.needs_url
    assert FormTool.model_validate(TOOL | {"signature": SIGNATURE | {"signed": "{url}{body}"}}).needs_url
    assert not FormTool.model_validate(
        TOOL | {"url": "https://x.example", "signature": SIGNATURE | {"signed": "{url}{body}"}}
    ).needs_url


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"signature": None}, "exactly one of signature and token"),
        ({"token": {"header": "X"}}, "exactly one of signature and token"),
        ({"signature": None, "token": {}}, "exactly one of header, query and body"),
        (
            {"signature": None, "token": {"header": "X", "query": "y"}},
            "exactly one of header, query and body",
        ),
        ({"fields": {}}, "where the email is"),
        ({"fields": {"email": ["email"], "emial": ["x"]}}, "'emial' is not a field of a form"),
        ({"fields": {"email": ["email"], "context.utm": ["x"]}}, "is not a field of a form"),
        ({"fields": {"email": ["email"], "properties.": ["x"]}}, "is not a field of a form"),
        ({"signature": SIGNATURE | {"signed": "{timestamp}"}}, "covers the {body}"),
        ({"signature": SIGNATURE | {"signed": "{body}{body}"}}, "covers the {body}"),
        ({"signature": SIGNATURE | {"signed": "{body}{time}"}}, "{time} is not one of"),
        ({"signature": SIGNATURE | {"signed": "{timestamp}{body}"}}, "give timestamp_header"),
        ({"signature": SIGNATURE | {"timestamp_header": "X-Time"}}, "give timestamp_header"),
        ({"signature": SIGNATURE | {"algorithm": "md5"}}, "sha256"),
        ({"answers": {"at": [""]}}, "at least 1 character"),
        ({"unknown": 1}, "Extra inputs"),
    ],
)
def test_a_mistake_is_named(parts: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError) as raised:
        FormTool.model_validate(TOOL | parts)
    assert word in str(raised.value)


@pytest.mark.parametrize("name", ["Own", "own-forms", "1st", ""])
def test_a_name_fits_into_a_variable_and_an_address(name: str) -> None:
    with pytest.raises(ValidationError, match="lower case"):
        change(SHIPPED.forms, tools={name: TOOL})
