"""Whatever contracts there were: the end is what the last one gives, and a frozen quarter stays."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.db import Connection, connect
from leadops.lifecycle.frozen_quarters import freeze_quarter
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from tests.cluster import PostgresServer, database_of
from tests.lifecycle.conftest import START, Company
from tests.promises import promise_examples
from tests.shipped import SHIPPED, change

Q2 = Quarter(2026, 2)
#: 1 July in Tokyo, in hours after the start.
JULY = 29 * 24 + 5
END = START + timedelta(days=60)
#: (lead, hours after the start) of each MQL; 2 and 3 are one person.
MQLS = ((1, 0), (1, 690), (2, 0), (3, 20))

#: Hours: close to each MQL, to the limits of within_hours, and to the end of the quarter.
hours = st.sampled_from([-30, -3, -1, 0, 1, 2, 3, 19, 20, 22, 24, 25, 660, 687, 690, 692, 700, 701, 702, 714])
activities = st.fixed_dictionaries(
    {
        "crm": st.sampled_from([1, 1, 2, 3]),
        "hours": hours,
        "kind": st.sampled_from(["call", "mail", "meeting", "status", "status", "status"]),
        "status": st.sampled_from(["taken", "accepted", "won", "lost", "paused", "need"]),
        "details": st.sampled_from(
            [{}, {"need": True}, {"budget": True}, {"next_meeting": "soon"}, {"value": "1.200"}]
        ),
        "learned": st.integers(0, 5),
    }
)
rules = st.fixed_dictionaries(
    {
        "sal": st.fixed_dictionaries(
            {
                "within_hours": st.sampled_from([1, 2, 24]),
                "taken": st.sampled_from([["taken"], ["taken", "accepted"]]),
                "contact": st.sampled_from([["call"], ["call", "mail", "meeting"]]),
            }
        ),
        "sql": st.fixed_dictionaries(
            {
                "at_least": st.integers(1, 2),
                "criteria": st.sampled_from([["need", "budget"], ["need", "paused"]]),
                "next_meeting": st.sampled_from([[], ["next_meeting"]]),
            }
        ),
        "won": st.sampled_from([["won"], ["won", "accepted"]]),
        "lost": st.sampled_from([["lost"], ["lost", "paused"]]),
    }
)
contracts = st.tuples(
    rules, rules, st.sampled_from(["2026-06-02", "2026-07-01"]), st.sampled_from([None, "."])
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("activity"), activities),
        st.tuples(st.just("contract"), contracts),
        st.tuples(st.just("qualify"), st.integers(1, 3)),
        st.tuples(st.just("freeze"), st.booleans()),
    ),
    min_size=3,
    max_size=14,
)


def write(given: tuple[dict[str, Any], dict[str, Any], str, str | None]) -> KpiContract:
    """Return a contract of two versions."""
    first, second, since, decimal = given
    body = SHIPPED.kpi.versions[0].model_dump()
    versions = [
        body | {"version": "one"} | first,
        body | {"version": "two", "effective_from": since} | second,
    ]
    return change(SHIPPED.kpi, versions=versions, deal_value={"decimal": decimal})


@dataclass
class Story:
    """A company, the contract in force, and what was frozen."""

    connection: Connection
    contract: KpiContract
    frozen: list[tuple[KpiContract, str | None]] = field(default_factory=list)
    acts: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.company = Company(self.connection, self.contract)
        for number in (1, 2, 3):
            assert self.company.lead(f"p{number}@x.example") == number
            self.connection.execute(
                "insert into lifecycle.links values (%s, %s, %s)", [f"L-{number}", number, START]
            )
        cycles = dict.fromkeys((1, 2, 3), 0)
        for lead, after in MQLS:
            cycles[lead] += 1
            self.connection.execute(
                "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at,"
                " evidence, kpi_version) values (%(l)s, %(c)s, 'mql', %(t)s, %(t)s, '{}', 'one')",
                {"l": lead, "c": cycles[lead], "t": START + timedelta(hours=after)},
            )
        self.connection.execute("insert into identity.people values (2, 2), (3, 2)")
        self.connection.execute("insert into lifecycle.merge_changes (lead_id) values (2), (3)")
        self.connection.commit()

    def act(self, act: dict[str, Any]) -> None:
        number = len(self.acts)
        self.acts.append(act)
        at = START + timedelta(hours=act["hours"])
        self.company.activity(
            f"a{number}",
            f"L-{act['crm']}",
            act["kind"],
            at,
            status=act["status"] if act["kind"] == "status" else None,
            rep_id=f"rep-{number}",
            details=act["details"],
            recorded_at=at - timedelta(hours=3 * act["learned"]),
        )

    def freeze(self, contract: KpiContract, reason: str | None) -> None:
        self.frozen.append((contract, reason))
        freeze_quarter(
            self.connection,
            contract=contract,
            company=SHIPPED.company,
            quarter=Q2,
            now=END,
            reason=reason,
        )

    def qualify(self, most: int = 1_000) -> int:
        self.company.contract = self.contract
        return self.company.qualify(END, max_reevaluated=most).waiting

    def settle(self) -> None:
        while self.qualify():
            pass

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        rows = self.connection.execute(query.encode(), values).fetchall()
        self.connection.commit()
        return rows

    def verdicts(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "select lead_id, cycle, fact, occurred_at, activity_id, rep_id, null, null from lifecycle.facts"
            " union all select lead_id, cycle, stage, occurred_at, kpi_version, campaign, value, evidence"
            " from lifecycle.transitions where stage <> 'mql' order by 1, 2, 3, 4, 5"
        )

    def of_the_quarter(self) -> list[tuple[Any, ...]]:
        """What was decided by the end of June, but for ends, which a later end may replace."""
        return [
            row
            for row in self.verdicts()
            if row[3] < START + timedelta(hours=JULY) and row[2] not in ("won", "lost")
        ]


def play(story: Story, played: Sequence[tuple[str, Any]]) -> None:
    for kind, what in played:
        if kind == "activity":
            story.act(what)
        elif kind == "qualify":
            story.qualify(what)
        elif kind == "freeze":
            story.freeze(story.contract, "agreed" if story.frozen and what else None)
        elif not story.frozen:
            story.contract = write(what)
        else:
            story.settle()
            before = story.of_the_quarter()
            story.contract = write(what)
            story.settle()
            assert story.of_the_quarter() == before
    story.settle()


@settings(max_examples=promise_examples(8), deadline=None)
@given(first=contracts, played=steps)
def test_the_end_is_what_the_last_contract_gives(
    postgres: PostgresServer, first: Any, played: list[tuple[str, Any]]
) -> None:
    with (
        database_of(postgres, f"t_{secrets.token_hex(6)}") as url,
        connect(url) as connection,
        database_of(postgres, f"t_{secrets.token_hex(6)}") as fresh_url,
        connect(fresh_url) as fresh_connection,
    ):
        story = Story(connection, write(first))
        play(story, played)
        assert story.rows("select * from lifecycle.reevaluations") == []
        fresh = Story(fresh_connection, story.contract)
        for contract, reason in story.frozen:
            fresh.freeze(contract, reason)
        for act in story.acts:
            fresh.act(act)
        fresh.settle()
        assert story.verdicts() == fresh.verdicts()
