from datetime import UTC, datetime

from benchmarks.fill import fill
from benchmarks.floor import queries
from leadops.configuration import Config
from leadops.db import Connection
from leadops.identity.resolve import resolve_events
from leadops.scoring.rule_parameters import award_parameters
from leadops.scoring.score import score_leads


def test_the_floor_awards_what_scoring_does_but_for_further_caps(connection: Connection) -> None:
    config, now = Config(), datetime.now(UTC)
    fill(connection, events=600, leads=60, now=now)
    queries.run(connection, "create")
    queries.run(connection, "list_rules", behaviour=award_parameters(config.scoring).behaviour)
    queries.run(connection, "create_ledger")
    queries.run(connection, "award", zone=config.company.zone.key)
    connection.commit()
    resolve_events(connection, now=now, settings=config.identity)
    zone = config.company.zone
    score_leads(connection, rules=config.scoring, zone=zone, now=now)
    floor, scored = (
        set(connection.execute(f"select lead_id, event_seq, rule from {schema}.ledger").fetchall())  # type: ignore[call-overload]
        for schema in ("floor", "scoring")
    )
    assert len(scored) > 300
    assert scored <= floor, "it knows no cap but one"
    assert len(floor) < len(scored) * 1.1
