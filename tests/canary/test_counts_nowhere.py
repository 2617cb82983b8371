"""The same company with and without canaries: every figure is the same, in every table and mart."""

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg.conninfo
import pytest

from leadops.dashboard.now import ArrivalCounts
from leadops.dashboard.now import queries as now_queries
from leadops.db import Connection, connect
from leadops.delivery.audit import audit_scores
from leadops.lifecycle.kpi_contract import MqlRule
from leadops.marts.mart_contract import read_contract
from leadops.migrations.rights import Part
from leadops.products.product_client import ProductClient
from leadops.thresholds.score_history import read_score_history
from leadops.training.observations import fill_active_leads
from leadops_sandbox.serve import serve_in_thread
from leadops_stack.postgres import PostgresServer
from tests.canary.world import CanaryWorld
from tests.cluster import database_of
from tests.gateway.conftest import Serve
from tests.integration.erasure_story import SCORING, Story
from tests.roles import as_role
from tests.shipped import SHIPPED
from tests.whole_database import dump_database

#: Whose rows are figures, or what figures and salespeople get to see.
SCHEMAS = {
    *("analytics", "attribution", "economics", "lifecycle", "routing", "sla", "nurture", "training"),
    *("reports", "mart"),
}
#: What waits for a stage, which takes it out again, and how far one has read.
WORK = re.compile(r"\w+\.(inbox|merge_changes|cursors) ")


@pytest.fixture
def story(connection: Connection, database_url: str, tmp_path: Path) -> Iterator[Story]:
    with serve_in_thread(tmp_path, sales_work=False) as sandbox:
        told = Story(connection, database_url, sandbox)
        told.set_reps()
        told.live()
        yield told


def measure(story: Story, *, now: Any) -> dict[str, Any]:
    """Every figure of the story's database after its night."""
    story.refresh()
    connection = story.connection
    figures: dict[str, Any] = {
        "tables": sorted(
            row
            for row in dump_database(connection).elements()
            if row.split(".", 1)[0] in SCHEMAS and not WORK.match(row)
        )
    }
    for mart in read_contract().marts.values():
        for relation in mart.relations:
            rows = story.values(f"select to_jsonb(t)::text from mart.{relation} as t")
            figures[f"mart {relation}"] = sorted(rows)
    rule = MqlRule(fit=0, behaviour=0, total=100)
    history = read_score_history(connection, until=now, rule=rule, settings=SHIPPED.thresholds)
    figures["scores"] = {name: str(value) for name, value in vars(history).items()}
    figures["active"] = fill_active_leads(connection, now=now, settings=SHIPPED.training)
    figures["arrivals"] = now_queries.one(
        connection, "count_arrivals", ArrivalCounts, since=now - timedelta(days=3), max_rows=10_000
    )
    connection.commit()
    audit = audit_scores(connection, ProductClient(story.endpoint("ma")), max_missing=0, now=story.clock())
    figures["audit"] = (audit.leads, [difference.lead_id for difference in audit.differences])
    return figures


def test_every_figure_is_the_same_with_canaries(story: Story, postgres: PostgresServer, serve: Serve) -> None:
    story.process()
    story.connection.close()
    name = str(psycopg.conninfo.conninfo_to_dict(story.url)["dbname"])
    with database_of(postgres, f"t_{secrets.token_hex(6)}", template=name) as url, connect(url) as other:
        story.connection = connect(story.url)
        gateway = serve(url=as_role(url, Part.GATEWAY))
        world = CanaryWorld(url, str(gateway.base_url).rstrip("/"), story.sandbox, other, rules=SCORING)
        flown = Story(other, url, story.sandbox, story.start, story.erased)
        for _ in range(2):
            assert world.fly(world.way(has_feed=False)).problem == ""
        crm_id = flown.values(
            "select external_id from delivery.external_ids inner join identity.canary_leads using (lead_id)"
            " where target = 'crm'"
        )[0]
        # Somebody in sales takes it for a lead.
        flown.act(crm_id, kind="status", status="taken")
        flown.act(crm_id, kind="meeting")
        flown.poll()
        story.poll()
        for each in (story, flown):
            each.process()
        assert flown.values("select count(*) from scoring.ledger where rule = 'canary'") == [2]
        now = story.start + timedelta(days=2)
        without, with_canaries = measure(story, now=now), measure(flown, now=now)
        story.connection.close()
        for figure, value in without.items():
            if isinstance(value, list):
                assert sorted((Counter(with_canaries[figure]) - Counter(value)).elements()) == [], figure
            assert with_canaries[figure] == value, figure
    story.connection = connect(story.url)
