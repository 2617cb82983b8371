"""What an outcome means for an effect of the outbox."""

from dataclasses import replace

from leadops.clients.answer_values import read_id
from leadops.clients.call_outcomes import Answered, Outcome, Refused
from leadops.delivery.operations import Operation
from leadops.delivery.outbox import Effect
from leadops.mask import SentValues, mask_text
from leadops.products.product import Product, RowResult, RowState

NO_ID = "the answer has no id"
NOT_THERE = "the target does not have the lead"
#: What stands in place of a reason that the target does not give.
DEFAULT_REASONS = {
    RowState.DEAD: "rejected by the target",
    RowState.AGAIN: "the target asks to send it again",
    RowState.MOVED: "another lead stands for it",
    RowState.UNKNOWN: "the answer does not say what became of it",
}


def read_result(
    product: Product, operation: Operation, effect: Effect, outcome: Outcome, *, target: str
) -> RowResult:
    """Return what an outcome means for an effect; a reason in it holds nothing of what was sent.

    A 2xx answer counts for what the product reads in it, not for its status.
    """
    if isinstance(outcome, Answered):
        result = product.read_effect_answer(outcome.body, effect.describe(target))
    elif not isinstance(outcome, Refused):
        return RowResult(RowState.UNKNOWN, outcome.reason)
    elif outcome.absence is not None or (
        outcome.status in (404, 410)
        and (operation.removes_lead or (operation.ends_with_lead and target == "crm"))
    ):
        result = RowResult(RowState.GONE, outcome.reason, outcome.absence)
    else:
        return RowResult(RowState.AGAIN if outcome.concerns_caller else RowState.DEAD, outcome.reason)
    if result.state in (RowState.GONE, RowState.MOVED):
        if operation.removes_lead and result.state is RowState.GONE:
            return RowResult(RowState.DONE)
        if find_lead_id(operation, effect) is not None:
            return replace(result, reason=getattr(outcome, "reason", NOT_THERE))
        return RowResult(RowState.DEAD, getattr(outcome, "reason", NOT_THERE))
    if result.state is RowState.DONE and operation.gives_id and effect.lead_id is not None:
        external_id = read_id(result.external_id)
        return RowResult(RowState.UNKNOWN, NO_ID) if external_id is None else result
    if result.state in DEFAULT_REASONS:
        reason = str(result.reason or DEFAULT_REASONS[result.state])
        return replace(result, reason=mask_text(reason, longest=200, sent=SentValues(effect.body)))
    return result


def find_lead_id(operation: Operation, effect: Effect) -> str | None:
    """Return the target's id of the lead that the call of an effect names, if it names one."""
    if operation.corrects_score:
        return read_id(effect.payload.get("external_id"))
    return effect.request.get("external_id") if operation.needs_id else None
