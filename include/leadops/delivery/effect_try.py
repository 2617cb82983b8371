"""One try of an effect of the outbox: what it needs, what its outcome means, and what is written about it."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from psycopg.types.json import Jsonb

from leadops.clients.answer_values import read_id
from leadops.clients.call_outcomes import Answered, Outcome, Refused
from leadops.db import Connection
from leadops.delivery.dead_letters import bury_effect
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.external_ids import save_external_id
from leadops.delivery.operations import Operation, find_operation
from leadops.delivery.outbox import Effect, OutboxState, close_effect
from leadops.delivery.push_report import schedule_retry
from leadops.mask import SentValues, mask_text
from leadops.products.product import Product
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import Call, RowResult, RowState

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


@dataclass(frozen=True)
class EffectTry:
    """A locked effect and who sends it, at `now`; all that is written belongs to the caller's transaction."""

    connection: Connection
    client: ProductClient
    effect: Effect
    target: str
    settings: DeliverySettings
    now: datetime

    @property
    def product(self) -> Product:
        """The product that the effect goes to."""
        return self.client.product

    @cached_property
    def operation(self) -> Operation:
        """What the effect does there."""
        return find_operation(self.target, self.effect.operation)

    @cached_property
    def is_repeatable(self) -> bool:
        """Whether the product itself makes a repetition harmless."""
        return self.product.is_repeatable(self.target, self.effect.operation)

    @property
    def has_log(self) -> bool:
        """Whether the product's own log, or a look at the lead, says whether it took effect."""
        return (self.product.has_change_log and self.operation.corrects_score) or self.lookup is not None

    @cached_property
    def lookup(self) -> Call | None:
        """The call that shows whether it took effect; None: nothing but perhaps a log does."""
        if self.is_repeatable or self.product.remembers_keys:
            return None
        return self.product.make_effect_lookup(self.effect.describe(self.target))

    @property
    def knows_repetition(self) -> bool:
        """Whether the product knows a repeated call, or it does no harm."""
        return self.is_repeatable or self.product.remembers_keys

    @property
    def is_once_only(self) -> bool:
        """Whether nobody can know what became of a call without an answer: it must not be made twice."""
        return not (self.knows_repetition or self.has_log)

    def send(self, call: Call, *, key: str | None = None) -> tuple[Outcome, RowResult]:
        """Send a call of the effect; return its outcome, and what that means for the effect."""
        outcome = self.client.send(call, key=key)
        return outcome, read_result(self.product, self.operation, self.effect, outcome, target=self.target)

    def close(
        self,
        state: OutboxState,
        *,
        error: str | None = None,
        answer: Jsonb | None = None,
        not_before: datetime | None = None,
        may_have_arrived: bool = False,
        is_gone: bool = False,
    ) -> None:
        """Record one more attempt, and the state in which it leaves the effect."""
        close_effect(
            self.connection,
            self.effect.outbox_id,
            state=state,
            error=error,
            answer=answer,
            not_before=not_before,
            may_have_arrived=may_have_arrived,
            is_gone=is_gone,
            now=self.now,
        )

    def bury(self, reason: str) -> str:
        """Make a dead letter of the effect; return its reason."""
        return bury_effect(
            self.connection,
            self.effect.outbox_id,
            self.effect.lead_id,
            target=self.target,
            reason=reason,
            now=self.now,
        )

    def save_id(self, result: RowResult) -> None:
        """Keep the id that the target gave to the lead of the effect, if it did."""
        if result.external_id is not None and self.effect.lead_id is not None:
            save_external_id(
                self.connection,
                target=self.target,
                lead_id=self.effect.lead_id,
                external_id=result.external_id,
                now=self.now,
            )

    def schedule(self, outcome: Outcome) -> datetime:
        """Return when the effect is sent again after a call that failed."""
        return schedule_retry(
            self.connection,
            outcome,
            target=self.target,
            attempts=self.effect.attempts + 1,
            settings=self.settings,
            now=self.now,
        )
