"""One try of an effect of the outbox: what it needs, and what is written about it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from psycopg.types.json import Jsonb

from leadops.clients.call_outcomes import Outcome
from leadops.db import Connection
from leadops.delivery.backoff import schedule_retry
from leadops.delivery.dead_letters import bury_effect
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.effect_result import read_result
from leadops.delivery.external_ids import save_external_id
from leadops.delivery.operations import Operation, find_operation
from leadops.delivery.outbox import Effect, OutboxState, close_effect
from leadops.products.product import Call, Product, RowResult
from leadops.products.product_client import ProductClient


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
