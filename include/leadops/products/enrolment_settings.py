"""Where a product takes people into the steps of programmes (the part `enrolments` of its section)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from leadops.products.check_line import CheckLine
from leadops.products.enrolment import Enrolment, ProgrammeStep
from leadops.settings import Settings

#: What a message may need in a template; `enrolment` is its name, which no other one of the person has.
Token = Literal["enrolment", "message_key", "language", "subject", "preview", "depth"]


def _write_id(value: Any) -> Any:
    """YAML reads the id of a campaign as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


#: The product's id of what takes people in: a workflow, a campaign, a segment, a tag.
StepId = Annotated[str, BeforeValidator(_write_id), StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
TokenName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]{0,254}$")]


class EnrolmentSettings(Settings):
    """The product's ids of the steps, and the names of its fields for the parts of a message."""

    steps: dict[str, dict[str, StepId]]
    tokens: dict[Token, TokenName | None]
    spacing_minutes: int = Field(ge=0)

    @property
    def spacing(self) -> timedelta:
        """So far apart are two messages to one person."""
        return timedelta(minutes=self.spacing_minutes)

    def add_steps(self, steps: Any) -> Self:
        """Return these settings with the ids in `steps` too, which count before their own.

        Raises pydantic's ValidationError where `steps` is not ids by programme and step.
        """
        added = type(self).model_validate(self.model_dump() | {"steps": steps}).steps
        return self.model_copy(
            update={
                "steps": {
                    programme: self.steps.get(programme, {}) | added.get(programme, {})
                    for programme in self.steps | added
                }
            }
        )

    def find_id(self, place: ProgrammeStep) -> str | None:
        """Return the product's id of a step, None where products.yaml names none."""
        return self.steps.get(place.programme, {}).get(place.step)

    def find_gap(self, place: ProgrammeStep, *, product: str, what: str) -> str | None:
        """Return what products.yaml lacks for a step; `what` is the product's word for its counterpart."""
        if self.find_id(place) is not None:
            return None
        return f"{product}.enrolments.steps of products.yaml names no {what} for it"

    def list_tokens(self) -> dict[str, str]:
        """Return the fields of the product that are written, each with what it takes."""
        return {name: token for token, name in self.tokens.items() if name is not None}

    def fill_tokens(self, enrolment: Enrolment) -> dict[str, str]:
        """Return what the fields of the product get of an enrolment."""
        values = enrolment.list_tokens()
        return {name: values[token] for name, token in self.list_tokens().items()}

    def report_unused(self, places: Sequence[ProgrammeStep], *, product: str) -> Iterator[CheckLine]:
        """Yield one line where no step has a counterpart: then nobody wants messages from here."""
        if places and not any(self.find_id(place) for place in places):
            yield CheckLine.note(
                "programmes",
                f"{product}.enrolments.steps of products.yaml names none of nurture.yaml: nobody is enrolled",
            )


class MarkedEnrolmentSettings(EnrolmentSettings):
    """Those of a product whose automation begins when the field for the enrolment's name changes."""

    @model_validator(mode="after")
    def _must_have_a_mark(self) -> Self:
        if self.tokens.get("enrolment") is None:
            raise ValueError("tokens.enrolment: name a field; by its change the automation begins")
        return self

    @property
    def mark(self) -> str:
        """The field that takes the enrolment's name."""
        return str(self.tokens["enrolment"])
