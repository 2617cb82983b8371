"""Publishes assignments: requests the owner in the CRM, calls the bot, and opens notices to salespeople."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.delivery.outbox import enqueue_effect, make_nonce
from leadops.lanes import Lane
from leadops.queries import Queries
from leadops.routing.pending import PendingLead
from leadops.routing.record_assignments import RoutingOutcome
from leadops.routing.routing_rules import RoutingRules
from leadops.routing.routing_states import AssignmentReason

queries = Queries(__file__, topic="assignments")


class AssignmentPublisher:
    """Publishes recorded assignments in the caller's transaction."""

    def __init__(self, connection: Connection, *, rules: RoutingRules, now: datetime) -> None:
        self._connection, self._rules, self._now = connection, rules, now

    def publish(self, lead: PendingLead, outcome: RoutingOutcome, *, assignment_id: int) -> None:
        """Request the CRM's owner, call the bot after hours, and open a notice, as the outcome needs it.

        An unsent notice about an earlier assignment of the cycle is dropped.
        """
        queries.run(self._connection, "drop_superseded_notices", **lead.key, now=self._now)
        if outcome.why == AssignmentReason.TAKEN:
            return
        after_hours = self._rules.after_hours
        off_hours = outcome.queue == after_hours.name
        owner = outcome.rep_id or (after_hours.owner_id if off_hours else None)
        if owner is not None:
            self._request_owner(lead, owner)
        if lead.is_backfill:
            return
        if off_hours and after_hours.bot:
            self._call_bot(lead, queue=outcome.queue)
        if (outcome.rep_id is not None or off_hours) and self._rules.slack.enabled:
            queries.run(self._connection, "insert_notice", assignment_id=assignment_id, now=self._now)

    def _request_owner(self, lead: PendingLead, owner: str) -> None:
        """Request `owner` for every lead of the person that the CRM knows, or is about to know."""
        others = [member for member in lead.member_ids if member != lead.crm_lead_id]
        key = f"crm-set-owner-{_step(lead)}"
        leads = {key: lead.crm_lead_id}
        leads |= {f"{key}-{member}": member for member in _list_in_crm(self._connection, others)}
        for idempotency_key, lead_id in leads.items():
            self._enqueue("crm", "set_owner", lead, lead_id, idempotency_key, {"owner_id": owner})

    def _call_bot(self, lead: PendingLead, *, queue: str | None) -> None:
        payload = {
            "lead_id": lead.lead_id,
            "qualified_at": lead.qualified_at.isoformat(),
            "queue": queue,
        }
        self._enqueue("bot", "take_over", lead, lead.lead_id, f"bot-take-over-{_step(lead)}", payload)

    def _enqueue(
        self,
        target: str,
        operation: str,
        lead: PendingLead,
        lead_id: int,
        key: str,
        payload: Mapping[str, object],
    ) -> None:
        enqueue_effect(
            self._connection,
            target=target,
            operation=operation,
            payload={**payload, "idempotency_key": f"{make_nonce()}-{key}"},
            idempotency_key=key,
            lead_id=lead_id,
            now=self._now,
            lane=Lane.BACKFILL if lead.is_backfill else Lane.LIVE,
        )


class PersonOwner(NamedTuple):
    """A lead, and the owner of the person to whom it belongs, by the person's latest cycle."""

    lead_id: int
    cycle: int
    rep_id: str
    is_backfill: bool


def publish_moves(
    connection: Connection,
    leads: Sequence[int],
    *,
    removed: Sequence[int],
    merge_number: int,
    now: datetime,
) -> None:
    """Publish that the places of merged or split `leads` moved.

    Requests the person's owner for each of their leads that the CRM knows or is about to know. Drops unsent
    notices to salespeople who do not own the lead any more, and reopens those of places that are back.
    `removed` lists the leads whose place is gone; `merge_number` makes the idempotency keys unique.
    """
    leads = list(leads)
    queries.run(connection, "drop_merged_notices", leads=leads, removed=list(removed), now=now)
    queries.run(connection, "reopen_notices", leads=leads)
    owners = queries.all(connection, "list_person_owners", PersonOwner, leads=leads)
    in_crm = set(_list_in_crm(connection, [owner.lead_id for owner in owners]))
    for owner in owners:
        if owner.lead_id not in in_crm:
            continue
        key = f"crm-set-owner-{owner.lead_id}-{owner.cycle}-merge-{merge_number}"
        enqueue_effect(
            connection,
            target="crm",
            operation="set_owner",
            payload={"owner_id": owner.rep_id, "idempotency_key": f"{make_nonce()}-{key}"},
            idempotency_key=key,
            lead_id=owner.lead_id,
            now=now,
            lane=Lane.BACKFILL if owner.is_backfill else Lane.LIVE,
        )


def _step(lead: PendingLead) -> str:
    return f"{lead.lead_id}-{lead.cycle}-{lead.assignment_count + 1}"


def _list_in_crm(connection: Connection, leads: Sequence[int]) -> list[int]:
    """Return those of `leads` that the CRM knows or is about to know."""
    return queries.values(connection, "list_leads_in_crm", leads=list(leads)) if leads else []
