"""The event contract: the one shape of events from web, app, webinar and ad clicks."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from pydantic import WithJsonSchema as Schema

from leadops.normalization.email_address import EMAIL_PATTERN, normalise_email

#: RFC 3339 section 5.6: a date, a time with seconds, and a zone. No numbers: seconds or milliseconds?
TIME_PATTERN = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$"
NAME_PATTERN = r"^[a-z][a-z0-9_]*$"

_time = re.compile(TIME_PATTERN, re.ASCII)


def _check_time(value: object) -> object:
    if not isinstance(value, str) or not _time.fullmatch(value):
        raise ValueError("must be a time with its zone, such as 2026-07-01T09:30:00.000Z")
    return value


#: Characters of an identifier.
LONGEST_ID = 200

Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, strict=True)]
Time = Annotated[
    AwareDatetime,
    BeforeValidator(_check_time),
    Schema({"type": "string", "format": "date-time", "pattern": TIME_PATTERN}),
]
Email = Annotated[
    str,
    Field(strict=True),
    AfterValidator(normalise_email),
    Schema({"type": "string", "format": "email", "pattern": r"^\s*" + EMAIL_PATTERN[1:-1] + r"\s*$"}),
]

#: Characters; a signature is 64.
LONGEST_SIGNATURE = 200


class Context(BaseModel):
    """Where it happened; further keys are kept as they are."""

    model_config = ConfigDict(extra="allow", frozen=True)

    utm: Annotated[
        dict[str, Annotated[str, Field(strict=True)]] | None,
        Field(description="The campaign: source, medium, campaign, term, content"),
    ] = None
    page: Annotated[str | None, Field(strict=True, description="The address of the page or screen")] = None
    consent: Annotated[
        Annotated[bool, Field(strict=True)] | dict[str, Annotated[bool, Field(strict=True)]] | None,
        Field(description="What the visitor agreed to: yes or no, or yes and no by purpose"),
    ] = None
    user_agent: Annotated[str | None, Field(strict=True, description="The visitor's browser or app")] = None


class Event(BaseModel):
    """Something a person did, reported by any sender: a web site, an app, a webinar tool, an ad network."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string"}}}
                for name in ("anonymous_id", "user_id", "email")
            ],
        },
    )

    event_id: Annotated[
        Identifier, Field(description="The sender's own id of this event; it counts once per id, forever")
    ]
    event: Annotated[
        str,
        Field(
            strict=True, max_length=100, pattern=NAME_PATTERN, description="What happened, such as page_view"
        ),
    ]
    ts: Annotated[Time, Field(description="When it happened, with zone")]
    anonymous_id: Annotated[
        Identifier | None, Field(description="The sender's id of a browser or a device")
    ] = None
    user_id: Annotated[Identifier | None, Field(description="The sender's id of a known person")] = None
    email: Annotated[Email | None, Field(description="Kept trimmed and in lower case")] = None
    properties: Annotated[
        dict[str, JsonValue], Field(description="What else is known of it; rules look here")
    ] = {}
    context: Annotated[Context, Field(description="Where it happened")] = Context()
    signature: Annotated[
        str | None,
        Field(
            strict=True,
            max_length=LONGEST_SIGNATURE,
            description="By which the site proves email and user_id to be its visitor's; not kept",
        ),
    ] = None


def event_schema() -> dict[str, Any]:
    """Return the contract as JSON Schema (2020-12), generated from Event."""
    return Event.model_json_schema()
