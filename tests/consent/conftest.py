"""People who say what they want of mail, by each way, in a real database."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.consent.read_consent import Consent, read_consent
from leadops.consent.settings_in_force import follow_settings
from leadops.db import Connection
from tests.machines.conftest import LATER, START, MailWorld
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED, change

ACTIVITY = (
    "insert into crm.activities (activity_id, crm_lead_id, kind, occurred_at, recorded_at, kind_key)"
    " values (%s, %s, %s, %s, %s, %s)"
)


class ConsentWorld(MailWorld):
    """A world whose people opt out and in."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.follow()

    def follow(self, **changes: Any) -> bool:
        """Put the shipped settings in force, with `changes`."""
        with self.connection.transaction():
            return follow_settings(self.connection, change(SHIPPED.consent, **changes), now=START)

    def classify(self, acts: Iterable[Happening] = (), **options: Any) -> None:
        """Take `acts` in, which arrive long after all of them happened, and resolve and score."""
        super().classify(acts, **{"received_at": LATER - timedelta(hours=1)} | options)

    def say(self, seconds: float, consent: Any, *, who: str = "ann@buyer.example", **facts: Any) -> Happening:
        """Make an event with `context.consent`, `seconds` after the start."""
        facts = {"event": "identify", "proof": "write_key"} | facts
        return Happening(
            f"s{next(self._numbers)}",
            ts=START + timedelta(seconds=seconds),
            email=who,
            context={"consent": consent},
            **facts,
        )

    def lead(self, who: str = "ann@buyer.example") -> int:
        """Return the lead of an address, which is made where there is none."""
        found = self.rows("select lead_id from identity.leads where email = %s", who)
        if not found:
            self.classify([Happening(f"first {who}", "page_view", START - timedelta(days=1), email=who)])
            return self.lead(who)
        return int(found[0][0])

    def put_in_crm(self, lead_id: int, crm_id: str, *, merged_into: str | None = None) -> None:
        """Let the CRM know a lead by an id."""
        self.connection.execute(
            "insert into delivery.external_ids (target, lead_id, external_id, merged_into, learned_at)"
            " values ('crm', %s, %s, %s, %s)",
            [lead_id, crm_id, merged_into, START],
        )
        self.connection.commit()

    def hear_in_crm(
        self, crm_id: str, kind: str, seconds: float, *, recorded_at: datetime = LATER, number: str = ""
    ) -> None:
        """Let the CRM's feed say that somebody opted out or in."""
        values = [f"A{number or next(self._numbers)}", crm_id, kind, START + timedelta(seconds=seconds)]
        self.connection.execute(ACTIVITY, [*values, recorded_at, kind.replace("_", "")])
        self.connection.commit()

    def consent(self, who: str = "ann@buyer.example") -> Consent:
        """Return what holds for somebody."""
        lead_id = self.lead(who)
        return read_consent(self.connection, [lead_id])[lead_id]

    def answer(self, who: str = "ann@buyer.example") -> tuple[bool, str]:
        """Return whether somebody may get mail, and who heard it."""
        consent = self.consent(who)
        return consent.may_mail, consent.source


@pytest.fixture
def world(connection: Connection) -> ConsentWorld:
    return ConsentWorld(connection)
