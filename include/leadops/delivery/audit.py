"""Proves that three numbers agree for every lead: the ledger's sum, the score, and the score in the MA."""

from dataclasses import dataclass

from leadops.clients.ma import MaClient
from leadops.clients.transport import Refused, expect
from leadops.db import Connection, load_sql


@dataclass(frozen=True)
class Difference:
    """A lead whose numbers do not agree (points); `ma` is None where the MA does not have the lead."""

    lead_id: int
    ledger: int
    score: int
    ma: int | None
    under_way: int


@dataclass(frozen=True)
class Audit:
    """`leads` compared, of which `under_way` wait for a delivery; `differences` should be empty."""

    leads: int
    ma_leads: int
    under_way: int
    differences: list[Difference]


def audit_scores(connection: Connection, client: MaClient) -> Audit:
    """Compare every lead with the MA; a lead that moves while we look is looked at again, alone.

    Points under way are taken off the score before the MA is compared; a lead with a call of unknown outcome
    counts as under way. Raises TransientError or PermanentError when the MA cannot be read.
    """
    suspects, under_way, leads, ma_leads = _compare_all(connection, client)
    differences = [found for found in (_look_again(connection, client, each) for each in suspects) if found]
    return Audit(leads=leads, ma_leads=ma_leads, under_way=under_way, differences=differences)


def _compare_all(
    connection: Connection, client: MaClient
) -> tuple[list[tuple[int, str | None]], int, int, int]:
    """Return the leads that look different (lead_id, MA id); how many are under way, are ours, are theirs."""
    suspects: list[tuple[int, str | None]] = []
    under_way = ma_leads = 0
    with connection.transaction():
        connection.execute(load_sql("leadops.delivery", "create_audited_leads"))
        with connection.cursor() as cursor, cursor.copy("copy audited_leads from stdin") as copy:
            for lead in client.iterate_leads():
                copy.write_row((str(lead["id"]), int(lead["score"])))
                ma_leads += 1
        rows = connection.execute(load_sql("leadops.delivery", "compare_scores")).fetchall()
        found = connection.execute("select count(*) from identity.leads").fetchone()
    for lead_id, external_id, ledger, score, ma, points, unknown in rows:
        if unknown or points:
            under_way += 1
        if ledger != score or (not unknown and (ma or 0) != score - points):
            suspects.append((lead_id, external_id))
    return suspects, under_way, int(found[0]) if found else 0, ma_leads


def _look_again(
    connection: Connection, client: MaClient, suspect: tuple[int, str | None]
) -> Difference | None:
    """Compare one lead until our side stands still around the reading of theirs."""
    lead_id, external_id = suspect
    before = _read_lead(connection, lead_id)
    for _ in range(5):
        ma = None
        if external_id is not None:
            outcome = client.get_lead(external_id)
            if not (isinstance(outcome, Refused) and outcome.status == 404):
                ma = int(expect(outcome, "MA lead")["score"])
        after = _read_lead(connection, lead_id)
        if before == after:
            break
        before = after
    ledger, score, points, unknown = after
    if ledger == score and (unknown or (ma or 0) == score - points):
        return None
    return Difference(lead_id, ledger, score, ma, points)


def _read_lead(connection: Connection, lead_id: int) -> tuple[int, int, int, bool]:
    """Return a lead's ledger sum, score, points under way, and whether a call on it is of unknown outcome."""
    with connection.transaction():
        row = connection.execute(
            load_sql("leadops.delivery", "read_audited_lead"), {"lead_id": lead_id}
        ).fetchone()
    return (int(row[0]), int(row[1]), int(row[2]), bool(row[3])) if row else (0, 0, 0, False)
