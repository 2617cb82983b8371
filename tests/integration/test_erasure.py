"""Gone means gone: nothing of an erased person is left, every count is as it was, and they stay out."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg.conninfo
import pytest
import requests

from leadops.crm.poll import poll_crm
from leadops.db import Connection, connect
from leadops.delivery.dead_letters import discard_dead_letters, list_dead_letters
from leadops.delivery.external_ids import follow_merge
from leadops.erase_person import ErasureContext, erase_again
from leadops.erased.erased_filter import ErasedFilter, ErasureKeyError
from leadops.erased.erasures import list_erasures, list_hashes
from leadops.events.proof import Proof
from leadops.history.import_file import import_file
from leadops.history.import_mapping import LeadsMapping
from leadops.history.outcomes import RejectedRow
from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.identity.split_leads import split_leads
from leadops.marts.mart_contract import read_contract
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_inbox import enqueue_every_lead
from leadops_sandbox.serve import serve_in_thread
from leadops_stack.postgres import PostgresServer
from tests.cluster import database_of
from tests.integration.erasure_story import (
    ADA,
    ADA_AT_HOME,
    NEEDLES,
    ZONE,
    Story,
    find_traces,
    history_of,
)
from tests.scripted_server import serve_script
from tests.shipped import SHIPPED, import_settings, make_rules
from tests.whole_database import dump_database

#: Tables of counts, whose rows an erasure leaves as they are.
AGGREGATES = (
    "analytics.funnel_cells",
    "analytics.funnel_entries",
    "analytics.funnel_sums",
    "analytics.left_out",
    "analytics.response_times",
    "analytics.response_time_summaries",
    "analytics.lead_times",
    "attribution.periods",
    "attribution.credits",
    "economics.months",
    "economics.monthly_costs",
    "lifecycle.thresholds",
    "scoring.scores",
)


#: Tables that the story leaves empty.
NOT_IN_THE_STORY = {
    # Settings, words and counts: nothing in them is about one person.
    *("alerts.failing_channels", "alerts.pages", "analytics.campaign_names", "analytics.dirty_days"),
    *("analytics.builds", "analytics.stale_spells", "analytics.past_funnel_cells"),
    *("analytics.past_funnel_sums", "analytics.past_funnel_entries"),
    *("attribution.past_periods", "attribution.past_credits"),
    *("economics.past_months", "economics.past_monthly_costs"),
    *("analytics.left_out", "cdp.refused_calls", "cdp.site_traffic", "delivery.quotas"),
    "delivery.refused_operations",
    *("warehouse.exports", "warehouse.differences", "warehouse.followed_erasures"),
    *("changes.changes", "config.gated_files", "config.gated_settings", "config.kept_settings"),
    *("config.readers", "delivery.audits", "delivery.holds", "delivery.marks", "housekeeping.space_samples"),
    *("identity.accounts", "identity.internal_entries", "incidents.heartbeats", "intake.form_refusals"),
    *("incidents.task_results", "live.lanes"),
    # A simulated visitor, who is nobody.
    *("canary.hops", "canary.visitors", "canary.visits", "cdp.canaries"),
    *("lifecycle.currency_rates", "lifecycle.frozen_changes", "lifecycle.frozen_quarters"),
    *("lifecycle.thresholds", "lifecycle.unnamed_words", "machines.settings_in_force"),
    *(
        "nurture.lifts",
        "nurture.sales_words",
        "nurture.programmes",
        "training.decisions",
        "training.models",
        "training.score_imports",
    ),
    # Numbers of leads, events and activities only.
    *("delivery.held_deltas", "lifecycle.inbox", "lifecycle.reevaluations", "routing.inbox"),
    *("mart.inbox", "routing.set_aside", "routing.unprofiled_reps"),
    # A human's words, which the command asks to name nobody; numbers of acts, of a lead in tests/scoring.
    *("scoring.rollbacks", "scoring.point_bounds"),
    # Keyed hashes of addresses on the net, for seconds.
    "gateway.rate_buckets",
    # Keyed hashes; all but the last are written by the erasure itself.
    *("cdp.kept_out", "erased.erasures", "erased.identifiers", "intake.form_traces"),
    # Cleared as their neighbours are, and too far from this story: see removal.py of the room.
    *(
        "analytics.quality_findings",
        "crm.merged_leads",
        "identity.kept_ties",
        "identity.uncounted_leads",
        "lifecycle.imported",
        "nurture.memberships",
        "nurture.sends",
    ),
    "sla.breaches",
    # Nobody in the story writes from a provider of mail; somebody in a test of its own does.
    "identity.mailboxes",
}


@pytest.fixture
def story(connection: Connection, database_url: str, tmp_path: Path) -> Iterator[Story]:
    with serve_in_thread(tmp_path, sales_work=False) as sandbox:
        told = Story(connection, database_url, sandbox)
        told.set_reps()
        told.live()
        yield told


@contextmanager
def copy_of(postgres: PostgresServer, story: Story) -> Iterator[str]:
    """A copy of the story's database as it is now."""
    story.connection.close()
    name = psycopg.conninfo.conninfo_to_dict(story.url)["dbname"]
    with database_of(postgres, f"t_{secrets.token_hex(6)}", template=str(name)) as url:
        story.connection = connect(story.url)
        try:
            yield url
        finally:
            story.connection.close()


@dataclass
class NoCrm:
    """A CRM whose feed has one activity of somebody."""

    lead: str = "L-1"

    def activities(self, **_: Any) -> dict[str, Any]:
        item = {"id": "A-1", "lead_id": self.lead, "kind": "call", "occurred_at": "2026-07-01T00:00:00Z"}
        return {"items": [item], "cursor": None, "as_of": "2026-07-01T00:00:00Z"}

    def reps(self) -> list[Any]:
        return []


def read_aggregates(story: Story) -> dict[str, list[Any]]:
    return {
        table: sorted(
            story.values(
                f"select (to_jsonb(t) - 'computed_at' - 'built_at' - 'recorded_at')::text from {table} as t"
            )
        )
        for table in AGGREGATES
    }


def test_nothing_of_an_erased_person_is_left_and_every_count_is_as_it_was(story: Story) -> None:
    story.refresh()
    lead, crm_id = story.lead(ADA), story.crm_id(ADA)
    ma_ids = story.values(
        "select external_id from delivery.external_ids where target = 'ma' order by lead_id"
    )
    needles = [*NEEDLES, crm_id, ma_ids[0]]
    before, traced = read_aggregates(story), list(find_traces(story.url, needles))
    assert crm_id in story.slack_texts()
    assert {trace.partition(": ")[2] for trace in traced} == set(needles), "the story misses a needle"

    result = story.erase()
    assert sorted(result.lead_ids) == sorted({lead, *result.lead_ids})
    assert len(result.lead_ids) == 2
    assert result.targets == ["crm", "ma"]
    story.deliver()
    assert story.finish() == 1
    story.tell()

    assert list(find_traces(story.url, needles)) == []
    assert read_aggregates(story) == before
    story.refresh()
    assert read_aggregates(story) == before
    assert ADA not in story.ma_leads()
    assert ADA_AT_HOME not in story.ma_leads()
    assert "bob@other.example" in story.ma_leads()
    assert not [needle for needle in needles if needle in story.slack_texts()]


def events_of(story: Story) -> int:
    return int(story.values("select count(*) from cdp.events")[0])


def test_whatever_names_an_erased_person_stays_out_and_the_answer_does_not_tell(story: Story) -> None:
    before = history_of("ada", story)
    crm_id = story.crm_id(ADA)
    story.erase()
    kept = events_of(story)
    # What was accepted before is a duplicate, as it would be of anybody.
    assert story.send(*before).duplicates == len(before)
    # A late event of the time before is new once, and a duplicate from then on.
    late = {"event_id": "late-1", "event": "page_view", "ts": story.ago(55).isoformat(), "email": ADA}
    for item in (
        late,
        late | {"event_id": "late-2", "email": f" {ADA.upper()} "},
        late | {"event_id": "late-3", "email": None, "user_id": "user-ada-1815"},
        late | {"event_id": "late-4", "email": None, "anonymous_id": "browser-ada-0001"},
        late | {"event_id": "late-5", "email": "new@engines.example", "properties": {"cc": f"<{ADA}>"}},
        late
        | {"event_id": "late-6", "email": None, "anonymous_id": "b-1", "context": {"page": f"/u?m={ADA}"}},
        late
        | {"event_id": "late-7", "email": "x@y.example", "properties": {"enrichment_id": "enr-ada-7701"}},
    ):
        assert story.send(item, history=True).accepted == 1
        assert story.send(item, history=True).duplicates == 1
    # A browser with its cookie of then, now and tomorrow: that is nobody's will.
    cookie = {"event": "page_view", "anonymous_id": "browser-ada-0001"}
    tomorrow = story.start + timedelta(days=1, hours=1)
    for number, at in enumerate((story.clock(), tomorrow)):
        visit = cookie | {"event_id": f"cookie-{number}", "ts": at.isoformat()}
        assert story.send(visit, sender=Proof.CLAIM, now=at).accepted == 1
        assert story.send(visit, sender=Proof.CLAIM, now=at).duplicates == 1
    # A refused one is answered as such, and not kept.
    refused = story.send({"event_id": "late-8", "event": "Bad Name", "email": ADA})
    assert [each.reason for each in refused.quarantined] == ["invalid_name"]
    old = {"event_id": "late-1", "event": "page_view", "ts": story.ago(55).isoformat(), "email": ADA}
    assert story.send(old, now=story.start + timedelta(days=30)).duplicates == 1
    # Forms of before, valid or not, and what the CRM's feed still says.
    form = {"email": ADA, "form": "contact", "ts": story.ago(5).isoformat()}
    assert story.form(form).reason is None
    assert story.form({"email": "no address", "user_id": "user-ada-1815"}, now=story.ago(2)).is_new
    story.act(crm_id, kind="call", details={"note": ADA})
    assert story.poll(extra=[{"id": "A-odd2", "lead_id": crm_id, "kind": "call"}]).activities == 0
    assert events_of(story) == kept
    story.process()
    assert list(find_traces(story.url, list(NEEDLES))) == []
    assert events_of(story) == kept
    assert len(story.values("select lead_id from identity.leads where erased_at is null")) == 1


def test_another_spelling_of_an_erased_address_stays_out(story: Story) -> None:
    before = story.ago(30).isoformat()
    visit = {"event": "page_view", "ts": before}
    story.send({**visit, "event_id": "s-1", "email": "ann.buyer@gmail.com"})
    story.send({**visit, "event_id": "s-2", "email": "annbuyer+news@gmail.com"})
    story.send({**visit, "event_id": "s-3", "email": "cy+work@engines.example"})
    story.process()
    first = story.lead("ann.buyer@gmail.com")
    assert story.values("select lead_id from identity.unannounced_leads") == [first + 1]
    assert len(story.erase(first).lead_ids) == 2
    story.erase(story.lead("cy+work@engines.example"))
    assert story.values("select count(*) from identity.mailboxes") == [0]
    assert story.values("select count(*) from identity.unannounced_leads") == [0]
    story.send({**visit, "event_id": "s-4", "email": "annbuyer@googlemail.com"})
    # A spelling that identity does not join is somebody else.
    story.send({**visit, "event_id": "s-5", "email": "cy@engines.example"})
    story.process()
    found = story.values("select email from identity.leads where email ~ 'gmail|googlemail|^cy'")
    assert found == ["cy@engines.example"]
    story.form({"submission_id": "back", "email": "a.n.n.buyer@gmail.com", "form": "contact"})
    story.process()
    assert story.lead("a.n.n.buyer@gmail.com") > first


def test_who_comes_back_of_their_own_accord_is_a_new_lead(story: Story) -> None:
    first = story.lead(ADA)
    story.erase()
    story.deliver()
    story.finish()
    # Filled in a moment later: the person's own act, on the same day too.
    form = {"email": ADA, "form": "contact", "anonymous_id": "browser-ada-0001"}
    assert story.form(form, now=story.clock() + timedelta(minutes=1)).is_new
    back = story.lead(ADA)
    assert back != first
    # From then on their browser counts again, and what was before does not.
    seen = {"event": "page_view", "anonymous_id": "browser-ada-0001"}
    later = story.clock() + timedelta(minutes=2)
    before = events_of(story)
    story.send(seen | {"event_id": "back-1", "ts": later.isoformat()}, sender=Proof.CLAIM, now=later)
    assert events_of(story) == before + 1
    story.send(seen | {"event_id": "back-2", "ts": story.ago(20).isoformat()}, sender=Proof.CLAIM)
    story.send({"event_id": "back-3", "event": "page_view", "ts": story.ago(20).isoformat(), "email": ADA})
    assert events_of(story) == before + 1
    story.process()
    assert story.values("select count(*) from identity.resolved_events where lead_id = %s", back) == [2]
    # The CRM gave the new lead an id of its own; what sales do with it comes in.
    story.act(story.crm_id(ADA), kind="call")
    assert story.poll().activities == 1
    # Erased once more, it is gone once more.
    assert story.erase().lead_ids == [back]
    story.deliver()
    story.finish()
    assert list(find_traces(story.url, [ADA, "browser-ada-0001"])) == []


def test_an_event_with_proof_counts_from_the_day_after(story: Story) -> None:
    story.erase()
    midnight = story.values("select day_ends_at from erased.erasures")[0]
    before = events_of(story)

    def send(number: int, at: datetime, sender: Proof) -> int:
        item = {"event_id": f"n-{number}", "event": "page_view", "ts": at.isoformat(), "email": ADA}
        story.send(item, sender=sender, now=at + timedelta(minutes=1))
        return events_of(story) - before

    assert send(1, midnight - timedelta(seconds=1), Proof.WRITE_KEY) == 0
    assert send(2, midnight, Proof.CLAIM) == 0
    assert send(3, midnight, Proof.WRITE_KEY) == 1
    assert send(4, midnight + timedelta(seconds=1), Proof.CLAIM) == 2
    assert send(5, midnight - timedelta(seconds=1), Proof.CLAIM) == 2


def test_an_import_refuses_the_erased_and_keeps_nothing_of_the_row(story: Story, tmp_path: Path) -> None:
    crm_id = story.crm_id(ADA)
    story.erase()
    file = tmp_path / "leads.csv"
    rows = [f"{crm_id},x@new.example", f"9001,{ADA}", "9002,carl@new.example"]
    file.write_text("\n".join(["id,mail,at", *(f"{row},2020-01-01T00:00:00Z" for row in rows)]))
    mapping = LeadsMapping.model_validate(
        {"lead": {"crm_id": "id", "email": "mail"}, "created_at": "at", "in_crm": True}
    )
    refused: list[RejectedRow] = []
    counts = import_file(
        story.connection,
        kind="leads",
        path=file,
        mapping=mapping,
        now=story.clock(),
        refuse=refused.append,
        erased=story.erased,
        **import_settings(),
    )
    assert (counts.new, counts.refused, counts.reasons) == (1, 2, {"erased": 2})
    assert [(row.row, row.reason, row.values) for row in refused] == [(2, "erased", {}), (3, "erased", {})]
    story.connection.commit()
    assert list(find_traces(story.url, [*NEEDLES, "x@new.example"])) == []


def test_a_restored_backup_is_erased_again_from_the_saved_record(
    story: Story, postgres: PostgresServer
) -> None:
    with copy_of(postgres, story) as backup:
        story.erase()
        record = (list_erasures(story.connection), list_hashes(story.connection))
        with connect(backup) as restored:
            results = erase_again(restored, context=story.context, record=record, now=story.clock())
            assert [len(result.lead_ids) for result in results] == [2]
            assert erase_again(restored, context=story.context, record=record, now=story.clock()) == []
        traces = {trace.partition(":")[0] for trace in find_traces(backup, list(NEEDLES))}
        assert traces == set()


def test_a_system_that_refuses_to_erase_is_a_dead_letter_and_the_erasure_stays_open(story: Story) -> None:
    ma_id = story.values("select external_id from delivery.external_ids where target = 'ma'")[0]
    assert story.erase().targets == ["crm", "ma"]
    # The same MA at another address, which an operator would accept (`leadops products accept ma`).
    moved = "delete from delivery.accounts where target = 'ma' returning 1"
    with serve_script() as ma:
        ma.respond = lambda *_: (422, b'{"detail": "a lead with open campaigns stays"}')
        story.values(moved)
        story.deliver(ma=ma.url)
    story.values(moved)
    story.deliver()
    letters = list_dead_letters(story.connection)
    story.connection.commit()
    assert {(letter.target, letter.kind) for letter in letters} == {("ma", "effect")}
    assert story.finish() == 0
    assert ma_id in story.values("select external_id from delivery.external_ids where target = 'ma'")
    # Somebody did it there by hand.
    discard_dead_letters(story.connection, letters, now=story.clock())
    story.connection.commit()
    assert story.finish() == 1
    assert list(find_traces(story.url, [*NEEDLES, ma_id])) == []


def test_the_request_to_erase_takes_effect_once_whatever_happens_to_the_call(story: Story) -> None:
    for target, path in (("ma", "/api/leads/*"), ("crm", "/v1/leads/*")):
        fault = {"target": target, "method": "DELETE", "path": path, "kind": "reset_after", "count": 1}
        requests.post(f"{story.sandbox}/_faults", json=fault, timeout=60).raise_for_status()
    story.erase()
    waiting = "select count(*) from delivery.outbox where operation = 'erase_lead' and state <> 'done'"
    for _ in range(20):
        story.deliver()
        if story.values(waiting) == [0]:
            break
    assert story.values(waiting) == [0]
    assert story.finish() == 1
    assert story.finish() == 0
    assert not story.values("select lead_id from delivery.dead_letters where state = 'open'")


def test_a_dry_run_writes_nothing_and_a_missing_key_stops_everything(story: Story) -> None:
    before = dump_database(story.connection)
    assert len(story.erase(dry_run=True).lead_ids) == 2
    assert dump_database(story.connection) == before
    keyless = ErasureContext(ErasedFilter(), SHIPPED.company, SHIPPED.kpi, SHIPPED.attribution)
    with pytest.raises(ErasureKeyError, match="is not set"):
        story.erase(context=keyless)
    assert dump_database(story.connection) == before
    story.erase()
    event = {
        "event_id": "key-1",
        "event": "page_view",
        "ts": story.clock().isoformat(),
        "email": "c@d.example",
    }
    for wrong in (ErasedFilter(), ErasedFilter((b"another key of 32",))):
        with pytest.raises(ErasureKeyError, match="LEADOPS_ERASURE_KEY is"):
            story.send(event, erased=wrong)
        with pytest.raises(ErasureKeyError):
            poll_crm(story.connection, NoCrm(), now=story.clock(), erased=wrong)
    # A new key before the old one: both recognise.
    rotated = ErasedFilter((b"a new key of 32 ch", *story.erased.keys))
    kept = events_of(story)
    late = event | {"email": ADA, "ts": story.ago(60).isoformat()}
    assert story.send(late, erased=rotated).accepted == 1
    assert events_of(story) == kept


@pytest.mark.parametrize("is_somebody_else", [False, True])
def test_what_went_on_for_a_lead_of_the_crm_stays_out_too_unless_it_is_somebody_elses(
    story: Story, is_somebody_else: bool
) -> None:
    gone, other = story.crm_id(ADA), story.crm_id("bob@other.example")
    survivor = other if is_somebody_else else "L-9"
    follow_merge(story.connection, target="crm", external_id=gone, survivor=survivor, now=story.clock())
    story.connection.commit()
    about = f"select count(*) from crm.activities where crm_lead_id = '{survivor}'"
    before = story.values(about)[0]
    story.erase()
    poll_crm(story.connection, NoCrm(survivor), now=story.clock(), erased=story.erased)
    assert story.values(about)[0] == before + is_somebody_else


def test_a_poll_after_an_erasure_records_no_merge_of_the_erased_lead(story: Story) -> None:
    gone = story.crm_id(ADA)
    seen = "select activity_id from crm.activities where crm_lead_id = %s order by 1"
    activity = story.values(seen, gone)[0]
    story.erase()

    class Feed(NoCrm):
        def activities(self, **options: Any) -> dict[str, Any]:
            page = super().activities(**options)
            page["items"][0] |= {"id": activity, "moves_with_lead": True}
            page["items"].append({"kind": "merged", "lead_id": gone, "into": "L-9"})
            return page

    poll_crm(story.connection, Feed(gone), now=story.clock(), erased=story.erased)
    merges = "select gone_id || ' into ' || into_id from crm.merged_leads where %s in (gone_id, into_id)"
    assert story.values(merges, gone) == []
    assert story.values(seen, gone) == []


def test_a_lead_that_was_split_off_is_somebody_else(story: Story) -> None:
    at_home, first = story.lead(ADA_AT_HOME), story.lead(ADA)
    split_leads(
        story.connection,
        settings=SHIPPED.identity,
        reason="two people",
        by="op",
        now=story.clock(),
        lead=at_home,
    )
    story.connection.commit()
    assert story.erase(first).lead_ids == [first]
    assert story.lead(ADA_AT_HOME) == at_home


def test_nothing_is_scored_or_qualified_or_rebuilt_afterwards(story: Story) -> None:
    result = story.erase()
    ledger = story.values("select count(*) from scoring.ledger where lead_id = any(%s)", result.lead_ids)
    enqueue_every_lead(story.connection)
    story.connection.commit()
    richer = make_rules(behaviour=[{"name": "view", "event": "page_view", "points": 90}])
    while score_leads(story.connection, rules=richer, zone=ZONE, now=story.clock()).remaining:
        pass
    story.decay()
    assert (
        story.values("select count(*) from scoring.ledger where lead_id = any(%s)", result.lead_ids) == ledger
    )
    assert compare_rebuilt(story.connection, settings=SHIPPED.identity).differences == {}


def test_the_story_fills_every_table_that_can_hold_something_of_a_person(story: Story) -> None:
    story.refresh()
    tables = story.values(
        "select distinct table_schema || '.' || table_name from information_schema.columns"
        " where table_schema not in ('pg_catalog', 'information_schema')"
        " and not starts_with(table_schema, 'pg_temp')"
        " and data_type in ('text', 'jsonb', 'bytea', 'ARRAY')"
        " and (table_schema, table_name) in (select schemaname, tablename from pg_tables)"
    )
    empty = {table for table in tables if not story.values(f"select exists(select from {table})")[0]}
    assert empty <= NOT_IN_THE_STORY, "let the story fill the table, or say here why it names nobody"


#: Their tables are not in the story either; their columns are words, numbers and names of settings.
EMPTY_MARTS = {"sends", "decisions"}


def test_no_mart_names_a_person_unless_its_contract_says_so(story: Story) -> None:
    story.refresh()
    marts = read_contract().marts.values()
    needles = [*NEEDLES, story.crm_id(ADA)]
    for mart in marts:
        for relation in mart.relations:
            rows = story.values(f"select row_to_json(told)::text from mart.{relation} as told")
            assert rows or mart.name in EMPTY_MARTS, f"the story leaves mart.{relation} empty"
            named = sorted({needle for row in rows for needle in needles if needle in row})
            assert mart.meta.personal or named == [], relation
    assert ADA in story.values("select email from mart.addresses")
