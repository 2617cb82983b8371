"""Who looks at the pages, and what this person may see."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from fastapi import Depends, Request

from leadops.gateway.problems import ProblemError

#: Where the gatekeeper puts the reader of a request.
READER_KEY = "leadops_reader"


@dataclass(frozen=True)
class Reader:
    """Somebody who is logged in; `sees_people` says whether they may see personal data."""

    name: str
    sees_people: bool


class Look(NamedTuple):
    """What about a person was looked at: its kind, and its number, by which it is found again."""

    what: Literal["lead", "refused_event", "refused_form", "incident"]
    number: int


#: Returns who sends a request, or None for the anonymous; raises ProblemError for who may not look.
Identify = Callable[[Request], Awaitable[Reader | None]]
#: Puts on record at what about people a reader looked.
RecordLooks = Callable[[Reader, Sequence[Look]], None]


def get_reader(request: Request) -> Reader:
    """Return the reader of this request, whom the gatekeeper has identified."""
    reader: Reader = request.scope["state"][READER_KEY]
    return reader


ReaderDep = Annotated[Reader, Depends(get_reader)]


def require_people(reader: ReaderDep) -> Reader:
    """Return the reader; raise ProblemError (403) unless they may see personal data."""
    if not reader.sees_people:
        raise ProblemError(
            403,
            "This shows personal data. Ask an administrator of Airflow for the right to read connections.",
        )
    return reader


PeopleDep = Annotated[Reader, Depends(require_people)]
