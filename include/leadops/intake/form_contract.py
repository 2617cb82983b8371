"""The form contract: what somebody wrote into a form, as a web site's server or a form service sends it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from leadops.events.event_contract import Context, Email, Identifier, Time

#: Characters of a form's name.
LONGEST_FORM_NAME = 200


class Submission(BaseModel):
    """A form that somebody filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    submission_id: Annotated[
        Identifier | None,
        Field(description="The sender's own id of this submission; without it the whole content is its id"),
    ] = None
    email: Annotated[Email, Field(description="Who filled it in")]
    form: Annotated[
        str | None,
        Field(min_length=1, max_length=LONGEST_FORM_NAME, strict=True, description="The form's name"),
    ] = None
    ts: Annotated[Time | None, Field(description="When it was filled in; without it, when it was sent")] = (
        None
    )
    anonymous_id: Annotated[
        Identifier | None, Field(description="The browser's id, as the page's events carry it")
    ] = None
    user_id: Annotated[Identifier | None, Field(description="The sender's id of a known person")] = None
    properties: Annotated[
        dict[str, JsonValue], Field(description="The other fields, such as first_name, company, title")
    ] = {}
    context: Annotated[Context, Field(description="Where it happened")] = Context()


def submission_schema() -> dict[str, Any]:
    """Return the contract as JSON Schema (2020-12), generated from Submission."""
    return Submission.model_json_schema()
