from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.lifecycle.explain_stages import explain_stages
from tests.lifecycle.conftest import Company, minutes


def reach(company: Company, lead: int, stage: str, at: datetime, evidence: dict[str, Any]) -> None:
    company.connection.execute(
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " kpi_version) values (%s, 1, %s, %s, %s, %s, 'v')",
        [lead, stage, at, at, Jsonb(evidence)],
    )


def test_each_stage_says_what_it_rests_on(company: Company) -> None:
    lead = company.mql()
    company.activity("A-1", "L-1", "status", minutes(5), status="accepted")
    company.activity("A-2", "L-1", "call", minutes(6))
    company.qualify(minutes(10))
    reach(company, lead, "won", minutes(20), {"imported": "deals.csv", "line": 7, "backfill": True})
    reach(company, lead, "lost", minutes(15), {"imported": "lost.csv", "line": 2, "time": "constant"})
    assert [(each.cycle, each.stage, each.because) for each in explain_stages(company.connection, lead)] == [
        (1, "mql", "fit 30, behaviour 50, total 80: view_pricing +80"),
        (1, "sal", "CRM activity A-2 of rep-1"),
        (1, "lost", "imported: lost.csv, line 2; its time is not in the file"),
        (1, "won", "imported: deals.csv, line 7"),
    ]


def test_a_joined_lead_has_the_stages_of_its_person(company: Company) -> None:
    older, younger = company.lead("a@x.example"), company.lead("b@x.example")
    reach(company, younger, "mql", minutes(1), {"imported": "leads.csv", "line": 3})
    for lead in (older, younger):
        company.connection.execute("insert into identity.people values (%s, %s)", [lead, older])
    assert explain_stages(company.connection, older) == explain_stages(company.connection, younger)
    assert [(each.lead_id, each.stage) for each in explain_stages(company.connection, older)] == [
        (younger, "mql")
    ]
