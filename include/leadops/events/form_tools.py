"""How form tools prove themselves and name their fields: `tools` of config/forms.yaml."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from leadops.settings import Settings

#: What a signature may cover, by its name in `signed`.
_PARTS = ("body", "timestamp", "method", "url")
_PLACE = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
#: The fields of a form; those of `properties` and `context` are named by the user.
_TARGET = re.compile(
    r"email|submission_id|form|ts|anonymous_id|user_id|properties\..+"
    r"|context\.(page|site|user_agent|consent|utm\.\w+)",
    re.ASCII,
)

Paths = tuple[Annotated[str, Field(min_length=1)], ...]


def _check_target(target: str) -> str:
    if not _TARGET.fullmatch(target):
        raise ValueError(
            f"{target!r} is not a field of a form: email, submission_id, form, ts, anonymous_id, user_id,"
            " properties.NAME, context.page, context.site, context.user_agent, context.consent"
            " or context.utm.NAME"
        )
    return target


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r}: a tool's name is written in lower case with _, such as our_forms")
    return name


FieldSources = Mapping[Annotated[str, AfterValidator(_check_target)], Paths]
ToolName = Annotated[str, AfterValidator(_check_name)]


class ToolSignature(Settings):
    """An HMAC in a header."""

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"]
    encoding: Literal["hex", "base64"]
    prefix: str = ""  # before the encoded signature, such as sha256=
    signed: str  # with {body}, {timestamp}, {method}, {url}
    timestamp_header: str | None = None
    timestamp_unit: Literal["s", "ms"] = "s"

    @model_validator(mode="after")
    def _check_signed(self) -> Self:
        parts = _PLACE.findall(self.signed)
        if unknown := [part for part in parts if part not in _PARTS]:
            raise ValueError(f"signed: {{{unknown[0]}}} is not one of {', '.join(_PARTS)}")
        if parts.count("body") != 1:
            raise ValueError("signed: a signature covers the {body}, once")
        if ("timestamp" in parts) != (self.timestamp_header is not None):
            raise ValueError("give timestamp_header where `signed` has {timestamp}, and only there")
        return self


class ToolToken(Settings):
    """A shared secret that comes along: in a header, a parameter of the address, or a field of the body."""

    header: str | None = None
    prefix: str = ""  # of the header's value, such as "Bearer "
    query: str | None = None
    body: str | None = None  # a key of the body; it is not stored

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if sum(place is not None for place in (self.header, self.query, self.body)) != 1:
            raise ValueError("give exactly one of header, query and body")
        return self


class ToolAnswers(Settings):
    """Where the answers are, by dotted path; `.` is the body itself."""

    at: Paths  # the first that is there: an object of answers by name, or a list of answers
    names: Paths = ()  # in an entry of a list: by which names the answer goes; the first becomes a property
    values: Paths = ()  # in an entry: the first that is there


class FormTool(Settings):
    """One tool: how it proves itself, and which of its fields are which of ours."""

    signature: ToolSignature | None = None
    token: ToolToken | None = None
    url: str | None = None  # the address to which it posts, as it knows it; for signatures that cover it
    hub_challenge: bool = False  # whether it asks by GET whether the address is ours
    leads: str | None = None  # dotted path of each lead in the body; * is every entry of a list
    test: str | None = None  # dotted path of what is true for a test
    answers: ToolAnswers
    body: FieldSources = Field(default_factory=dict)  # our field: dotted paths in the lead
    fields: FieldSources = Field(default_factory=dict)  # our field: names of answers

    @model_validator(mode="after")
    def _check_proof(self) -> Self:
        if (self.signature is None) == (self.token is None):
            raise ValueError("give exactly one of signature and token")
        if not self.fields.get("email") and not self.body.get("email"):
            raise ValueError("say in `fields` or `body` where the email is")
        return self

    @property
    def needs_url(self) -> bool:
        """Whether nothing can be proven before `url` is set."""
        return self.url is None and self.signature is not None and "{url}" in self.signature.signed
