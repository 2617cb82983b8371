"""Compares three numbers of every lead: the ledger's sum, the score, and the score in the MA."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from leadops.clients.lead_absence import LeadAbsence
from leadops.clients.transport import expect
from leadops.db import Connection
from leadops.delivery.external_ids import list_ids_to_ask
from leadops.delivery.presence import record_found
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import ScoreWay
from leadops.queries import Queries

queries = Queries(__file__)

#: Leads of the MA that are not ours: this many are listed, all are counted.
MAX_UNMATCHED_LISTED = 50

#: A lead that keeps changing is read at most this often.
MAX_READS = 5


@dataclass(frozen=True)
class UnmatchedLead:
    """A lead of the MA that is not ours, by the MA's id, with its score there (points)."""

    ma_id: str
    score: int


@dataclass(frozen=True)
class LeadState:
    """Everything that could change a score in the MA; while it stays equal, nothing has changed.

    After a merge in the MA several leads of ours may have one id there: then all numbers are their sums.
    """

    ledger: int
    score: int
    is_inconsistent: bool  # the score of a lead is not the sum of its ledger
    under_way: int  # points that the MA does not have yet
    held: int  # those of them that wait for the lead
    is_unknown: bool  # a call on the lead has an unknown outcome, or is about to be made
    ledger_rows: int
    newest_seq: int  # of the ledger
    open_rows: int  # ledger rows that the MA does not surely have
    correction_id: int | None  # the last correction of the MA
    is_refused: bool  # the MA refused that correction, and the dead letter is open
    is_present: bool  # the MA has the lead, as far as we know, with the points that were sent
    sharers: int  # our leads with the same MA id, itself included


@dataclass(frozen=True)
class Suspect:
    """A lead whose numbers differ, or whose points are under way; `ma` is None if the MA lacks the lead.

    It stands for all leads of ours that have its id in the MA: the numbers are their sums.
    """

    lead_id: int
    external_id: str | None
    ledger: int
    score: int
    ma: int | None
    under_way: int
    is_unknown: bool
    is_inconsistent: bool

    @property
    def is_under_way(self) -> bool:
        """Whether the MA does not have all of its points yet, as far as is known."""
        return self.is_unknown or self.under_way != 0

    @property
    def differs(self) -> bool:
        """Whether the numbers differ by more than what is under way."""
        return self.is_inconsistent or (not self.is_unknown and (self.ma or 0) != self.score - self.under_way)


@dataclass(frozen=True)
class LeadComparison:
    """One lead compared again: our side, and the score in the MA (None: the MA has no such lead).

    `is_stable` says whether our side stayed the same meanwhile, `is_unreadable` whether the MA's score is
    something else than a whole number, `absence` why the MA has no such lead. `ma_seq` is the row of the
    ledger that stands beside the MA's score, where it keeps one.
    """

    state: LeadState
    ma: int | None
    absence: LeadAbsence | None = None
    is_stable: bool = True
    is_unreadable: bool = False
    ma_seq: int | None = None

    @property
    def differs(self) -> bool:
        """Whether the three numbers of the lead do not agree, as far as they can be read."""
        if self.state.is_inconsistent:
            return True
        if self.is_unreadable or self.state.is_unknown or not self.state.is_present:
            return False
        return (self.ma or 0) != self.state.score - self.state.under_way


@dataclass(frozen=True)
class Comparison:
    """One pass over all leads: `suspects` seem to differ, which a second look must confirm."""

    suspects: list[Suspect]
    under_way: int
    leads: int
    ma_leads: int
    unmatched: int
    unmatched_leads: list[UnmatchedLead]


def compare_all(connection: Connection, client: ProductClient, *, now: datetime) -> Comparison:
    """Read all leads of the MA, page by page, and compare them with ours, in one transaction.

    A lead there without a readable id or score is left out, so that ours becomes a suspect. One that was
    gone and is there again counts as found, and its points as under way. Raises TransientError or
    PermanentError when a page cannot be read.
    """
    ma_leads = 0
    known: list[str] = []

    def read_scores() -> Iterator[tuple[str, int]]:
        nonlocal ma_leads
        for lead in client.iterate_leads(known):
            ma_leads += 1
            if lead.external_id is not None and lead.score is not None:
                yield lead.external_id, lead.score

    with connection.transaction():
        known = list_ids_to_ask(connection, client.product, target="ma")
        queries.run(connection, "create_ma_scores")
        queries.copy(connection, "copy_ma_scores", read_scores())
        queries.run(connection, "delete_repeated_scores")
        found = queries.values(connection, "find_gone")
        if found:
            record_found(connection, target="ma", external_ids=found, now=now)
        suspects = queries.all(
            connection, "compare_scores", Suspect, sets_totals=client.product.score_way is ScoreWay.SET
        )
        leads = int(queries.value(connection, "count_leads"))
        unmatched = int(queries.value(connection, "count_unmatched"))
        unmatched_leads = queries.all(
            connection, "list_unmatched", UnmatchedLead, max_rows=MAX_UNMATCHED_LISTED
        )
    return Comparison(
        suspects=[suspect for suspect in suspects if suspect.differs],
        under_way=sum(suspect.is_under_way for suspect in suspects),
        leads=leads,
        ma_leads=ma_leads,
        unmatched=unmatched,
        unmatched_leads=unmatched_leads,
    )


def compare_lead(connection: Connection, client: ProductClient, suspect: Suspect) -> LeadComparison:
    """Compare one lead again, until our side is the same before and after reading the MA's.

    Raises TransientError or PermanentError when the MA cannot be read.
    """
    way = client.product.score_way
    before = read_lead(connection, suspect.lead_id, way=way)
    ma, absence, is_unreadable, ma_seq = None, None, False, None
    for _ in range(MAX_READS):
        ma, absence, is_unreadable, ma_seq = None, None, False, None
        if suspect.external_id is not None:
            answer = client.read_lead(suspect.external_id, is_lead_certain=True)
            if answer.failure is not None and not answer.is_misshapen:
                expect(answer.failure, "MA lead")
            ma, absence, ma_seq = answer.score, answer.absence, answer.score_seq
            is_unreadable = ma is None and absence is None
        after = read_lead(connection, suspect.lead_id, way=way)
        if before == after:
            return LeadComparison(after, ma, absence, is_unreadable=is_unreadable, ma_seq=ma_seq)
        before = after
    return LeadComparison(before, ma, absence, is_stable=False, is_unreadable=is_unreadable)


def read_lead(connection: Connection, lead_id: int, *, way: ScoreWay = ScoreWay.ADD) -> LeadState:
    """Return our side of a lead, and of those that share its id in the MA, as it is now."""
    sets_totals = way is ScoreWay.SET
    with connection.transaction():
        return queries.one(connection, "read_lead", LeadState, lead_id=lead_id, sets_totals=sets_totals)
