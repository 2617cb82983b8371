"""Erases a person: from every table, from Slack, the MA and the CRM; and keeps them out from then on.

The hashes are on record before anything is cleared, and every writer that began earlier is waited for. So
nothing about the person can come in behind the erasure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from leadops.alerts.removal import erase_messages
from leadops.attribution.attribution_settings import AttributionSettings
from leadops.calendar.local_days import local_midnight
from leadops.company import Company
from leadops.consent.removal import erase_consent
from leadops.crm.removal import erase_crm, wait_for_poll
from leadops.db import Connection
from leadops.delivery.removal import erase_delivery, forget_settled, list_system_ids
from leadops.erased.erased_filter import VARIABLE, ErasedFilter, ErasureKeyError
from leadops.erased.erased_person import ErasedPerson, PersonIdentifier
from leadops.erased.erasures import (
    ErasedIdentifier,
    Erasure,
    list_erasures,
    list_hashes,
    note_applied,
    note_finished,
    record_erasure,
    restore_record,
)
from leadops.errors import PermanentError
from leadops.events.removal import ORIGIN, erase_events, wait_for_events
from leadops.funnel.removal import erase_findings
from leadops.history.removal import erase_attributes
from leadops.identity.apply_merges import lock_identity
from leadops.identity.find_lead import find_lead
from leadops.identity.removal import (
    erase_identity,
    find_owner,
    list_identifiers,
    list_living,
    list_own_events,
    list_person,
)
from leadops.intake.removal import erase_forms, wait_for_forms
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.removal import erase_lifecycle, list_linked_ids
from leadops.locks import Lock, hold_lock
from leadops.machines.removal import erase_acts
from leadops.marts.removal import erase_versions
from leadops.nurture.removal import erase_memberships
from leadops.reports.removal import erase_reports
from leadops.routing.removal import erase_routing
from leadops.scoring.removal import erase_scoring
from leadops.sla.removal import erase_clocks
from leadops.training.removal import erase_predictions


@dataclass(frozen=True)
class ErasureContext:
    """What an erasure needs beside the person: the key, who asks, and what aggregates read of events."""

    erased: ErasedFilter
    company: Company
    contract: KpiContract
    attribution: AttributionSettings

    @property
    def kept_paths(self) -> list[list[str]]:
        """Where events say what funnel and attribution count: places of the payload."""
        touches, conversion = self.attribution.touches, self.attribution.conversion
        addresses = [*touches.channel_at, *touches.campaign_at, *conversion.value_at]
        return [list(ORIGIN), *(address.split(".") for address in addresses)]

    @property
    def kept_details(self) -> set[str]:
        """Which details of the CRM's activities the KPI contract reads."""
        keys = {*self.contract.deal_value.details, *self.contract.deal_value.currency}
        for version in self.contract.versions:
            keys |= {*version.sql.criteria, *version.sql.next_meeting}
        return keys


@dataclass(frozen=True)
class ErasureResult:
    """What was erased, by kinds and numbers alone, and which systems were asked to erase it too."""

    lead_ids: list[int]
    identifiers: int
    events: int
    targets: list[str]


def erase_person(
    connection: Connection,
    lead: int | str,
    *,
    context: ErasureContext,
    erased_by: str,
    now: datetime,
    dry_run: bool = False,
) -> ErasureResult:
    """Erase the person of `lead` (a number or an address): all leads that are merged with it; commits.

    A lead that was split from a person is a person of its own. `erased_by` stays on record. With `dry_run`
    everything is rolled back. Raises PermanentError where there is no such lead, ErasureKeyError without a
    key, TransientError where another process holds what has to be cleared.
    """
    erased = context.erased
    _require_key(connection, erased)
    by: dict[str, Any] = {"erased_by": erased_by, "context": context, "now": now}
    result: ErasureResult | None = None
    with connection.transaction() as transaction:
        _lock(connection)
        found = find_lead(connection, lead)
        person = collect_person(connection, list_person(connection, found.person_id))
        if not person.identifiers:
            raise PermanentError(
                f"lead {found.lead_id} names nobody: it was erased, see `leadops erase --list`"
            )
        erasure_id = _record(connection, person, **by)
        if dry_run:
            result = _clear(connection, person, erasure_id, context=context, now=now)
            raise psycopg.Rollback(transaction)
    if result:
        return result
    wait_for_events(connection)
    wait_for_forms(connection)
    wait_for_poll(connection)
    with connection.transaction():
        _lock(connection)
        # What came in until then may have tied more to the person.
        person = collect_person(connection, person.lead_ids)
        _record(connection, person, **by)
        return _clear(connection, person, erasure_id, context=context, now=now)


def erase_again(
    connection: Connection,
    *,
    context: ErasureContext,
    record: tuple[Sequence[Erasure], Sequence[ErasedIdentifier]] | None = None,
    now: datetime,
) -> list[ErasureResult]:
    """Erase whoever is on record and in the tables all the same, as after a restored backup; commits.

    `record` is one that was saved outside of the database: the restored one ends with the backup. Somebody
    who came back of their own accord stays.
    """
    erased = context.erased
    if record:
        with connection.transaction():
            restore_record(connection, *record)
    _require_key(connection, erased)
    results: list[ErasureResult] = []
    for lead_id, erasure in _find_erased_leads(connection, erased):
        if any(lead_id in result.lead_ids for result in results):
            continue
        with connection.transaction():
            _lock(connection)
            found = find_lead(connection, lead_id)
            person = collect_person(connection, list_person(connection, found.person_id))
            results.append(_clear(connection, person, erasure, context=context, now=now))
    return results


def finish_erasures(connection: Connection, *, now: datetime) -> int:
    """Forget what settled calls hold about the erased; return how many erasures are complete since now.

    Without an erasure under way it is one look-up in an empty index.
    """
    finished = 0
    with connection.transaction():
        for erasure in list_erasures(connection, only_open=True):
            if forget_settled(connection, erasure.lead_ids, now=now) and erasure.applied_at:
                note_finished(connection, erasure.erasure_id, now=now)
                finished += 1
    return finished


def collect_person(connection: Connection, lead_ids: Sequence[int]) -> ErasedPerson:
    """Return everything by which these leads are known."""
    leads = list(lead_ids)
    known: dict[PersonIdentifier, None] = dict.fromkeys(list_identifiers(connection, leads))
    known |= dict.fromkeys(list_system_ids(connection, leads))
    known |= dict.fromkeys(list_linked_ids(connection, leads))
    return ErasedPerson(leads, tuple(sorted(known)))


def _require_key(connection: Connection, erased: ErasedFilter) -> None:
    if not erased.keys:
        raise ErasureKeyError(
            f"{VARIABLE} is not set; give a random one of 32 characters, and keep it for good: it is what"
            " recognises people who were erased"
        )
    with connection.transaction():
        erased.require([erasure.key_check for erasure in list_erasures(connection)])


def _lock(connection: Connection) -> None:
    """Wait for imports and the resolver, in the order in which an import takes these locks."""
    hold_lock(connection, Lock.LEAD_IMPORT)
    lock_identity(connection)


def _record(
    connection: Connection,
    person: ErasedPerson,
    *,
    context: ErasureContext,
    erased_by: str,
    now: datetime,
) -> int:
    zone = context.company.zone
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return record_erasure(
        connection,
        lead_ids=person.lead_ids,
        hashes=[context.erased.hash_for_record(*name) for name in person.identifiers],
        erased_by=erased_by,
        erased_at=now,
        day_ends_at=local_midnight(tomorrow, zone),
        key_check=context.erased.key_checks[0],
    )


def _clear(
    connection: Connection,
    person: ErasedPerson,
    erasure_id: int,
    *,
    context: ErasureContext,
    now: datetime,
) -> ErasureResult:
    """Clear every room, in the caller's transaction: each of them clears its own tables."""
    own = list_own_events(connection, person)
    events = erase_events(
        connection, person, own_seqs=own, kept_paths=context.kept_paths, erased=context.erased
    )
    erase_acts(connection, person)
    erase_scoring(connection, person)
    targets = erase_delivery(connection, person, now=now)
    erase_forms(connection, person, submission_ids=events.submission_ids)
    erase_crm(connection, person, kept_details=context.kept_details)
    erase_consent(connection, person)
    erase_lifecycle(connection, person)
    erase_routing(connection, person, now=now)
    erase_clocks(connection, person)
    erase_memberships(connection, person, now=now)
    erase_findings(connection, person)
    erase_predictions(connection, person)
    erase_attributes(connection, person)
    erase_reports(connection, person)
    erase_messages(connection, person)
    erase_identity(connection, person, event_seqs=events.seqs, now=now)
    erase_versions(connection, person, now=now)
    note_applied(connection, erasure_id, targets=targets, now=now)
    return ErasureResult(person.lead_ids, len(person.identifiers), len(events.seqs), targets)


def _find_erased_leads(connection: Connection, erased: ErasedFilter) -> list[tuple[int, int]]:
    """Return the leads in the tables that a hash on record names, each with its erasure."""
    with connection.transaction():
        hashes = {each.hash: each for each in list_hashes(connection)}
        found: dict[int, int] = {}
        for kind, value in list_living(connection):
            for name in erased.hash_identifier(kind, value):
                known = hashes.get(name)
                if known is None or known.returned_at is not None:
                    continue
                owner = find_owner(connection, kind, value)
                if owner:
                    found.setdefault(owner, known.erasure_id)
    return sorted(found.items())
