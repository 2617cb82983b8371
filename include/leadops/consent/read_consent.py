"""Whether a person may get marketing mail, at this moment: by everything that was said and heard of it.

Nothing is kept: late evidence, a machine's verdict that changed, a join and a split hold by themselves.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class Consent:
    """Whether a person may get marketing mail, since when (UTC), and who heard it.

    `word` is what was said last: opt_out, opt_in or declined; None: nothing, and the settings decide.
    `source` is ma, crm, event, form or operator; erased: they are forgotten; unsaid: nobody said anything.
    """

    may_mail: bool
    word: str | None
    since: datetime | None
    source: str


@dataclass(frozen=True)
class Statement:
    """Something that was said about mail: for a lead, when, and where it stands.

    `reference` is the number of an event, the CRM's id of the lead, or who noted it; `because` is an
    operator's reason.
    """

    lead_id: int
    word: str
    said_at: datetime
    source: str
    reference: str
    because: str | None


@dataclass(frozen=True)
class _NewestWord:
    lead_id: int
    word: str | None
    said_at: datetime | None
    source: str | None
    erased_at: datetime | None
    unsaid_may_mail: bool

    def decide(self) -> Consent:
        if self.erased_at is not None:
            return Consent(False, None, self.erased_at, "erased")
        if self.word is None or self.source is None:
            return Consent(self.unsaid_may_mail, None, None, "unsaid")
        return Consent(self.word == "opt_in", self.word, self.said_at, self.source)


def read_consent(connection: Connection, lead_ids: Collection[int]) -> dict[int, Consent]:
    """Return the consent of the person of each lead: the newest statement wins, at a tie the opt-out.

    Before `follow_settings` has run, only unsubscriptions, opt-outs of the CRM and what operators noted are
    understood, and nobody else may get mail.
    """
    if not lead_ids:
        return {}
    newest = queries.all(connection, "find_consents", _NewestWord, lead_ids=sorted(set(lead_ids)))
    return {word.lead_id: word.decide() for word in newest}


def list_statements(connection: Connection, lead_id: int) -> list[Statement]:
    """Return everything that was said for the person of a lead, oldest first."""
    lead_ids = queries.values(connection, "list_members", lead_id=lead_id)
    return queries.all(connection, "list_said", Statement, lead_ids=lead_ids)
