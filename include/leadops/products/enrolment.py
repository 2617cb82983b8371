"""What leadops says of an enrolment, and which steps of programmes a product can enrol somebody in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self


class ProgrammeStep(NamedTuple):
    """One step of a programme, by the names of nurture.yaml."""

    programme: str
    step: str

    def __str__(self) -> str:
        return f"{self.programme}.{self.step}"


@dataclass(frozen=True)
class Enrolment:
    """One step of a programme for one person: the values of the operation `enrol_lead`.

    `cycle` counts from 1 how often the product's lead gets the step, whoever of ours it stood for: lead, step
    and cycle name the enrolment for good. `depth` says which part of the audience the message is for, such as
    `under_25`; None where the step knows no depths.
    """

    programme: str
    step: str
    message_key: str
    language: str
    subject: str
    preview: str
    depth: str | None
    cycle: int

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Return the enrolment that the values of an effect describe."""
        return cls(
            programme=str(values["programme"]),
            step=str(values["step"]),
            message_key=str(values["message_key"]),
            language=str(values["language"]),
            subject=str(values["subject"]),
            preview=str(values["preview"]),
            depth=None if values.get("depth") is None else str(values["depth"]),
            cycle=int(values["cycle"]),
        )

    @property
    def place(self) -> ProgrammeStep:
        """The step that it is of."""
        return ProgrammeStep(self.programme, self.step)

    @property
    def name(self) -> str:
        """What tells it from every other enrolment of the same person, such as `pricing_page.roi.1`."""
        return f"{self.place}.{self.cycle}"

    def list_tokens(self) -> dict[str, str]:
        """Return what a template of the product may need, by our names; without a depth that is empty."""
        return {
            "enrolment": self.name,
            "message_key": self.message_key,
            "language": self.language,
            "subject": self.subject,
            "preview": self.preview,
            "depth": self.depth or "",
        }
