"""Proves that three numbers agree for every lead: the ledger's sum, the score, and the score in the MA."""

from dataclasses import dataclass, field

from leadops.clients.ma import MaClient
from leadops.clients.transport import Refused, expect
from leadops.db import Connection, load_sql

#: Leads of the MA that are not ours: so many are listed, all are counted.
STRANGERS_LISTED = 50


@dataclass(frozen=True)
class Difference:
    """A lead whose numbers do not agree (points); `ma` is None where the MA does not have the lead."""

    lead_id: int
    ledger: int
    score: int
    ma: int | None
    under_way: int


@dataclass(frozen=True)
class Stranger:
    """A lead of the MA that is not ours, by the MA's id, with its score there (points)."""

    ma_id: str
    score: int


@dataclass(frozen=True)
class Audit:
    """`leads` compared, of which `under_way` wait for a delivery; `differences` should be empty.

    `unknown` counts the leads of the MA that are not ours; `strangers` are the first of them.
    """

    leads: int
    ma_leads: int
    under_way: int
    differences: list[Difference]
    unknown: int = 0
    strangers: list[Stranger] = field(default_factory=list)


@dataclass(frozen=True)
class LeadState:
    """All that could change a lead's score in the MA; while it stays equal, nothing moved."""

    ledger: int
    score: int
    under_way: int  # points that the MA does not have yet
    is_unknown: bool  # a call on the lead is of unknown outcome, or about to be made
    ledger_rows: int
    open_rows: int  # ledger rows that the MA does not surely have
    heal_id: int | None  # the last time it was put right
    is_refused: bool  # the MA refused that for good, and nobody has dealt with it
    sharers: int  # leads of ours that the MA takes for this one, itself included


@dataclass(frozen=True)
class Compared:
    """One look at all leads: (lead_id, MA id) of those that look different, which says nothing sure yet."""

    suspects: list[tuple[int, str | None]]
    under_way: int
    leads: int
    ma_leads: int
    unknown: int
    strangers: list[Stranger]


def audit_scores(connection: Connection, client: MaClient) -> Audit:
    """Compare every lead with the MA; a lead that moves while we look is looked at again, alone.

    Points under way are taken off the score before the MA is compared; a lead with a call of unknown outcome
    counts as under way. Raises TransientError or PermanentError when the MA cannot be read.
    """
    found = compare_all(connection, client)
    differences = []
    for lead_id, ma_id in found.suspects:
        state, ma, _ = look_again(connection, client, lead_id, ma_id)
        if differs(state, ma):
            differences.append(Difference(lead_id, state.ledger, state.score, ma, state.under_way))
    return Audit(found.leads, found.ma_leads, found.under_way, differences, found.unknown, found.strangers)


def compare_all(connection: Connection, client: MaClient) -> Compared:
    """Read all leads of the MA, page by page, and compare them with ours; in one transaction.

    Raises TransientError or PermanentError when a page cannot be had.
    """
    suspects: list[tuple[int, str | None]] = []
    under_way = ma_leads = 0
    with connection.transaction():
        connection.execute(load_sql("leadops.delivery", "create_audited_leads"))
        with connection.cursor() as cursor, cursor.copy("copy audited_leads from stdin") as copy:
            for lead in client.iterate_leads():
                copy.write_row((str(lead["id"]), int(lead["score"])))
                ma_leads += 1
        rows = connection.execute(load_sql("leadops.delivery", "compare_scores")).fetchall()
        leads = connection.execute("select count(*) from identity.leads").fetchone()
        strangers = connection.execute(
            load_sql("leadops.delivery", "list_strangers"), {"most": STRANGERS_LISTED}
        ).fetchall()
    for lead_id, external_id, ledger, score, ma, points, unknown in rows:
        if unknown or points:
            under_way += 1
        if ledger != score or (not unknown and (ma or 0) != score - points):
            suspects.append((lead_id, external_id))
    return Compared(
        suspects=suspects,
        under_way=under_way,
        leads=int(leads[0]) if leads else 0,
        ma_leads=ma_leads,
        unknown=int(strangers[0][2]) if strangers else 0,
        strangers=[Stranger(ma_id, int(score)) for ma_id, score, _ in strangers],
    )


def look_again(
    connection: Connection, client: MaClient, lead_id: int, ma_id: str | None
) -> tuple[LeadState, int | None, bool]:
    """Compare one lead until our side stands still around the reading of theirs.

    Returns our side, the MA's score (None: no such lead there) and whether our side stood still.
    """
    before = read_lead(connection, lead_id)
    ma = None
    for _ in range(5):
        ma = None
        if ma_id is not None:
            outcome = client.get_lead(ma_id)
            if not (isinstance(outcome, Refused) and outcome.status == 404):
                ma = int(expect(outcome, "MA lead")["score"])
        after = read_lead(connection, lead_id)
        if before == after:
            return after, ma, True
        before = after
    return before, ma, False


def differs(state: LeadState, ma: int | None) -> bool:
    """Whether the three numbers of a lead do not agree."""
    return state.ledger != state.score or (
        not state.is_unknown and (ma or 0) != state.score - state.under_way
    )


def read_lead(connection: Connection, lead_id: int) -> LeadState:
    """Return our side of a lead as it is now."""
    with connection.transaction():
        row = connection.execute(
            load_sql("leadops.delivery", "read_audited_lead"), {"lead_id": lead_id}
        ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    ledger, score, under_way, is_unknown, ledger_rows, open_rows, heal_id, is_refused, sharers = row
    return LeadState(
        ledger=int(ledger),
        score=int(score),
        under_way=int(under_way),
        is_unknown=is_unknown,
        ledger_rows=ledger_rows,
        open_rows=open_rows,
        heal_id=heal_id,
        is_refused=is_refused,
        sharers=sharers,
    )
