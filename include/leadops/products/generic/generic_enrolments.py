"""Enrolments in our own contract: `POST /api/programs/{program}/enrolments`.

The MA keeps each enrolment under its `idempotencyKey`, and knows the same lead, step and cycle again under
any other: then it answers `duplicate`, and nobody gets a message twice.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from leadops.clients.call_outcomes import Answered, HttpAnswer, Outcome, Refused
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import Enrolment, ProgrammeStep
from leadops.products.product_rows import Call, EffectRow, RowResult, RowState, SendCall

#: How an MA says that it has no such route.
NO_ROUTE = (404, 405, 501)
#: What the MA lacks, by the code of its problem document.
LACKS = {
    "program_not_found": "the MA has no program of this name: make it there, or rename it in nurture.yaml",
    "step_not_found": "the MA's program has no step of this name: add it there, or rename it in nurture.yaml",
}
STATES = {"enrolled": RowState.DONE, "duplicate": RowState.DUPLICATE}


def form_enrolment(effect: EffectRow, lead_id: int | str) -> dict[str, Any]:
    """Return the body of an enrolment."""
    enrolment = Enrolment.read(effect.values)
    return {
        "leadId": lead_id,
        "step": enrolment.step,
        "cycle": enrolment.cycle,
        "messageKey": enrolment.message_key,
        "language": enrolment.language,
        "subject": enrolment.subject,
        "preview": enrolment.preview,
        "depth": enrolment.depth,
        "idempotencyKey": effect.key,
    }


def classify_program(answer: HttpAnswer, outcome: Outcome) -> Outcome:
    """Return what an answer means that says that there is no such program or step; `outcome` otherwise."""
    code = answer.body.get("code") if isinstance(answer.body, dict) else None
    reason = LACKS.get(code) if isinstance(code, str) else None
    if reason is None or not isinstance(outcome, Refused):
        return outcome
    return Refused(outcome.status, reason)


def read_enrolment(body: Any) -> RowResult:
    """Return what a 2xx answer says: an `enrolmentId`, and the status `enrolled` or `duplicate`."""
    if not isinstance(body, dict) or not body.get("enrolmentId"):
        return RowResult(RowState.UNKNOWN, "the answer has no enrolmentId")
    state = STATES.get(str(body.get("status")))
    return RowResult(RowState.UNKNOWN if state is None else state)


def check_programmes(places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:
    """Yield a line for each step, by `GET /api/programs/{program}`, which an MA may go without."""
    for programme in dict.fromkeys(place.programme for place in places):
        subject = f"programme {programme}"
        outcome = send(Call("GET", f"/api/programs/{quote(programme, safe='')}"))
        if isinstance(outcome, Answered) and isinstance(outcome.body, dict):
            steps = outcome.body.get("steps")
            yield from (_check_step(place, steps) for place in places if place.programme == programme)
        elif isinstance(outcome, Refused) and outcome.reason == LACKS["program_not_found"]:
            yield CheckLine.change(subject, outcome.reason)
        elif isinstance(outcome, Refused) and outcome.status in NO_ROUTE:
            yield CheckLine.note(
                subject, "the MA does not say which programs it has: the first enrolment shows it"
            )
        else:
            reason = getattr(outcome, "reason", "the answer is not a program")
            yield CheckLine.change(subject, f"cannot be read ({reason})")


def _check_step(place: ProgrammeStep, steps: Any) -> CheckLine:
    if isinstance(steps, list) and place.step not in steps:
        return CheckLine.change(f"step {place}", LACKS["step_not_found"])
    return CheckLine.ok(f"step {place}", "the MA has it")
