"""Proves that three numbers agree for every lead: the ledger's sum, the score, and the score in the MA."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from leadops.clients.answer_values import read_id, read_score
from leadops.clients.ma import MaClient
from leadops.clients.transport import Refused, expect
from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: Leads of the MA that are not ours: this many are listed, all are counted.
MAX_UNMATCHED_LISTED = 50

#: A lead that keeps changing is read at most this often.
MAX_READS = 5


@dataclass(frozen=True)
class Difference:
    """A lead whose numbers do not agree (points); `ma` is None where the MA does not have the lead."""

    lead_id: int
    ledger: int
    score: int
    ma: int | None
    under_way: int


@dataclass(frozen=True)
class UnmatchedLead:
    """A lead of the MA that is not ours, by the MA's id, with its score there (points)."""

    ma_id: str
    score: int


@dataclass(frozen=True)
class AuditResult:
    """`leads` compared, of which `under_way` wait for a delivery; `differences` should be empty.

    `unmatched` counts the leads of the MA that are not ours; `unmatched_leads` are the first of them.
    `unreadable` names our leads whose score in the MA is not a whole number.
    """

    leads: int
    ma_leads: int
    under_way: int
    differences: list[Difference]
    unmatched: int = 0
    unmatched_leads: list[UnmatchedLead] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class LeadState:
    """Everything that could change a lead's score in the MA; while it stays equal, nothing has changed."""

    ledger: int
    score: int
    under_way: int  # points that the MA does not have yet
    is_unknown: bool  # a call on the lead has an unknown outcome, or is about to be made
    ledger_rows: int
    open_rows: int  # ledger rows that the MA does not surely have
    correction_id: int | None  # the last correction of the MA
    is_refused: bool  # the MA refused that correction, and the dead letter is open
    sharers: int  # our leads with the same MA id, itself included


@dataclass(frozen=True)
class Suspect:
    """A lead whose numbers differ, or whose points are under way; `ma` is None if the MA lacks the lead."""

    lead_id: int
    external_id: str | None
    ledger: int
    score: int
    ma: int | None
    under_way: int
    is_unknown: bool

    @property
    def differs(self) -> bool:
        """Whether the numbers differ by more than what is under way."""
        return self.ledger != self.score or (
            not self.is_unknown and (self.ma or 0) != self.score - self.under_way
        )


@dataclass(frozen=True)
class LeadComparison:
    """One lead compared again: our side, and the score in the MA (None: the MA has no such lead).

    `is_stable` says whether our side stayed the same meanwhile, `is_unreadable` whether the MA's score is
    something else than a whole number.
    """

    state: LeadState
    ma: int | None
    is_stable: bool = True
    is_unreadable: bool = False

    @property
    def differs(self) -> bool:
        """Whether the three numbers of the lead do not agree, as far as they can be read."""
        if self.state.ledger != self.state.score:
            return True
        if self.is_unreadable or self.state.is_unknown:
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


def audit_scores(connection: Connection, client: MaClient) -> AuditResult:
    """Compare every lead with the MA; a lead that changes meanwhile is compared again, alone.

    Points under way are subtracted from the score before the comparison; a lead with a call of unknown
    outcome counts as under way. Raises TransientError or PermanentError when the MA cannot be read.
    """
    comparison = compare_all(connection, client)
    differences, unreadable = [], []
    for suspect in comparison.suspects:
        compared = compare_lead(connection, client, suspect)
        state = compared.state
        if compared.differs:
            differences.append(
                Difference(suspect.lead_id, state.ledger, state.score, compared.ma, state.under_way)
            )
        elif compared.is_unreadable:
            unreadable.append(suspect.lead_id)
    return AuditResult(
        leads=comparison.leads,
        ma_leads=comparison.ma_leads,
        under_way=comparison.under_way,
        differences=differences,
        unmatched=comparison.unmatched,
        unmatched_leads=comparison.unmatched_leads,
        unreadable=unreadable,
    )


def compare_all(connection: Connection, client: MaClient) -> Comparison:
    """Read all leads of the MA, page by page, and compare them with ours, in one transaction.

    A lead there without a readable id or score is left out, so that ours becomes a suspect. Raises
    TransientError or PermanentError when a page cannot be read.
    """
    ma_leads = 0

    def read_scores() -> Iterator[tuple[str, int]]:
        nonlocal ma_leads
        for lead in client.iterate_leads():
            ma_leads += 1
            values = lead if isinstance(lead, dict) else {}
            ma_id, score = read_id(values.get("id")), read_score(values.get("score"))
            if ma_id is not None and score is not None:
                yield ma_id, score

    with connection.transaction():
        queries.run(connection, "create_ma_scores")
        queries.copy(connection, "copy_ma_scores", read_scores())
        queries.run(connection, "delete_repeated_scores")
        suspects = queries.all(connection, "compare_scores", Suspect)
        leads = int(queries.value(connection, "count_leads"))
        unmatched = int(queries.value(connection, "count_unmatched"))
        unmatched_leads = queries.all(
            connection, "list_unmatched", UnmatchedLead, max_rows=MAX_UNMATCHED_LISTED
        )
    return Comparison(
        suspects=[suspect for suspect in suspects if suspect.differs],
        under_way=sum(suspect.is_unknown or suspect.under_way != 0 for suspect in suspects),
        leads=leads,
        ma_leads=ma_leads,
        unmatched=unmatched,
        unmatched_leads=unmatched_leads,
    )


def compare_lead(connection: Connection, client: MaClient, suspect: Suspect) -> LeadComparison:
    """Compare one lead again, until our side is the same before and after reading the MA's.

    Raises TransientError or PermanentError when the MA cannot be read.
    """
    before = read_lead(connection, suspect.lead_id)
    ma, is_unreadable = None, False
    for _ in range(MAX_READS):
        ma, is_unreadable = None, False
        if suspect.external_id is not None:
            outcome = client.get_lead(suspect.external_id)
            if not (isinstance(outcome, Refused) and outcome.status == 404):
                answer = expect(outcome, "MA lead")
                ma = read_score(answer.get("score")) if isinstance(answer, dict) else None
                is_unreadable = ma is None
        after = read_lead(connection, suspect.lead_id)
        if before == after:
            return LeadComparison(after, ma, is_unreadable=is_unreadable)
        before = after
    return LeadComparison(before, ma, is_stable=False, is_unreadable=is_unreadable)


def read_lead(connection: Connection, lead_id: int) -> LeadState:
    """Return our side of a lead as it is now."""
    with connection.transaction():
        return queries.one(connection, "read_lead", LeadState, lead_id=lead_id)
