"""One lead for a trial: made twice, scored, read back and removed. The only part of a check that writes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from leadops.clients.call_outcomes import Answered, Outcome, Refused, Unknown
from leadops.products.check_line import CheckLine
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import (
    Call,
    EffectRow,
    RowResult,
    RowState,
    ScoreRow,
    ScoreWay,
    TotalRow,
    UnsupportedCallError,
)

#: The operation that makes a lead, by target.
MAKES_LEAD = {"ma": "upsert_lead", "crm": "create_lead"}
POINTS = 7
#: Some products know a new lead, or a new value, only after a moment.
TRIES, PAUSE = 5, 2.0  # seconds
SUBJECT = "test lead"


@dataclass(frozen=True)
class TrialLead:
    """A lead that no person stands behind: its address is of a domain that takes no mail (RFC 2606)."""

    target: str
    mark: str

    @property
    def values(self) -> dict[str, str]:
        """What an operation that makes the lead carries."""
        address = f"{self.mark}@leadops-check.example.com"
        if self.target == "crm":
            return {
                "email": address,
                "company": "leadops check",
                "source": "leadops check",
                "idempotency_key": self.mark,
            }
        return {"email": address, "firstName": "leadops", "lastName": "check", "externalId": self.mark}

    def describe(self, operation: str, external_id: str | None = None) -> EffectRow:
        """Return the effect of an operation on the lead."""
        values = self.values if operation == MAKES_LEAD[self.target] else {}
        return EffectRow(self.target, operation, None, external_id, values)


def try_lead(
    client: ProductClient, target: str, *, now: datetime, sleep: Callable[[float], None]
) -> Iterator[CheckLine]:
    """Yield what became of a lead that is made twice, scored (in the MA), read back and removed again.

    The lead's address and ids contain `now` (UTC), so that no earlier trial is in its way.
    """
    lead = TrialLead(target, f"leadops-check-{now:%Y%m%d%H%M%S}")
    made = _make(client, lead, sleep)
    if isinstance(made, CheckLine):
        yield made
        return
    sleep(client.product.repeat_pause.total_seconds())
    again = _make(client, lead, sleep)
    if isinstance(again, CheckLine):
        yield again
    elif again != made:
        yield CheckLine.change(
            SUBJECT,
            f"made twice, it became two leads, {made} and {again}: the field that holds our id must be unique"
            " there; remove both",
        )
    else:
        yield CheckLine.ok(SUBJECT, f"made twice, it is one lead, {made}")
    if target == "ma":
        yield _score(client, lead, made, sleep)
    for external_id in dict.fromkeys(found for found in (made, again) if isinstance(found, str)):
        yield _remove(client, lead, external_id, sleep)


def _make(client: ProductClient, lead: TrialLead, sleep: Callable[[float], None]) -> str | CheckLine:
    """Make the lead; return its id, or the line that says why there is none."""
    effect = lead.describe(MAKES_LEAD[lead.target])
    try:
        result = _carry_out(client, effect, key=lead.mark, sleep=sleep)
    except UnsupportedCallError as error:
        return CheckLine.note(SUBJECT, f"not made: {error}")
    if result.state in (RowState.DONE, RowState.DUPLICATE) and result.external_id:
        return result.external_id
    return CheckLine.change(SUBJECT, f"not made: {result.reason or 'the answer holds no id'}")


def _score(
    client: ProductClient, lead: TrialLead, external_id: str, sleep: Callable[[float], None]
) -> CheckLine:
    """Score the lead twice: a change under one name, or a total; then read the score back."""
    product, name = client.product, f"{lead.mark}-score"
    change = ScoreRow(0, 0, external_id, POINTS, "leadops check", name)
    total = TotalRow(0, 0, external_id, POINTS)
    is_set = product.score_way is ScoreWay.SET
    call = product.make_total_call([total]) if is_set else product.make_score_call([change])
    for _ in range(2):
        outcome = client.send(call, key=name)
        if not isinstance(outcome, Answered):
            return CheckLine.change("test score", f"not taken: {outcome.reason}")
        result = (
            product.read_total_answer(outcome.body, [total]).get(total.lead_id)
            if is_set
            else product.read_score_answer(outcome.body, [change]).get(name)
        )
        if result is None or result.state not in (RowState.DONE, RowState.DUPLICATE):
            reason = result.reason if result else "the answer does not name the row"
            return CheckLine.change("test score", f"not taken: {reason}")
        if not (product.remembers_keys or is_set):
            break  # this product does not know a repeated call: the second would count
    return _read_back(client, external_id, sleep)


def _read_back(client: ProductClient, external_id: str, sleep: Callable[[float], None]) -> CheckLine:
    score = None
    for attempt in range(TRIES):
        if attempt:
            sleep(PAUSE)
        answer = client.read_lead(external_id)
        if answer.failure is not None:
            return CheckLine.change("test score", f"cannot be read back: {answer.failure.reason}")
        score = answer.score
        if score == POINTS:
            return CheckLine.ok("test score", f"sent and read back: {POINTS}")
    return CheckLine.change(
        "test score",
        f"{POINTS} was expected and {score} reads back: a rule or a user there changes it",
    )


def _remove(
    client: ProductClient, lead: TrialLead, external_id: str, sleep: Callable[[float], None]
) -> CheckLine:
    by_hand = f"remove lead {external_id} by hand"
    try:
        effect = lead.describe("erase_lead", external_id)
        result = _carry_out(client, effect, key=f"{lead.mark}-remove-{external_id}", sleep=sleep)
    except UnsupportedCallError:
        return CheckLine.note(SUBJECT, f"{client.product.name} has no call that removes a lead: {by_hand}")
    if result.state in (RowState.DONE, RowState.DUPLICATE, RowState.GONE):
        return CheckLine.ok(SUBJECT, f"removed again, {external_id}")
    return CheckLine.change(
        SUBJECT, f"not removed: {result.reason}; {by_hand}, and give the token that right"
    )


def _carry_out(
    client: ProductClient, effect: EffectRow, *, key: str, sleep: Callable[[float], None]
) -> RowResult:
    """Carry out an operation, again where the product asks for it; raise UnsupportedCallError."""
    first = client.product.make_effect_call(effect)
    result = RowResult(RowState.UNKNOWN, "not sent")
    for attempt in range(TRIES):
        if attempt and result.next_call is None:
            # What may have arrived rests, as in delivery: sooner, a repetition may make a second lead.
            rest = client.product.repeat_pause.total_seconds() if result.state is RowState.UNKNOWN else 0
            sleep(max(PAUSE, rest))
        call = result.next_call or first
        outcome = client.send(call, key=key if call is first else None)
        result = _read(client, effect, call, outcome)
        if result.state not in (RowState.AGAIN, RowState.UNKNOWN):
            break
    return result


def _read(client: ProductClient, effect: EffectRow, call: Call, outcome: Outcome) -> RowResult:
    if isinstance(outcome, Answered):
        return client.product.read_effect_answer(outcome.body, effect)
    if isinstance(outcome, Refused) and outcome.absence is not None:
        return RowResult(RowState.GONE, outcome.reason, outcome.absence)
    is_again = isinstance(outcome, Unknown)
    return RowResult(
        RowState.UNKNOWN if is_again else RowState.DEAD, f"{call.method} {call.path}: {outcome.reason}"
    )
