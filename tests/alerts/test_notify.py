"""One incident, one message: posted, edited, escalated in its thread, closed in place."""

from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.webhook import WebhookClient

from leadops.alerts.alert_message import find_unknown_keys
from leadops.alerts.notify import IncidentNotifyResult, notify_incidents
from leadops.clients.chat import WebhookChat
from leadops.company import Company
from leadops.db import Connection
from leadops.delivery.database_mark import find_installation_id
from leadops.incidents.incident import open_incident
from tests.shipped import SHIPPED, change

JAPAN = change(SHIPPED.company, language="ja")


def fail(connection: Connection, dag_id: str, clock: Any, **facts: Any) -> int:
    facts = {"dag_id": dag_id, "run_id": "scheduled__1", "task_id": "push", "try_number": 2} | facts
    incident_id = open_incident(connection, kind="dag_failed", subject=dag_id, facts=facts, now=clock())
    connection.commit()
    assert incident_id is not None
    return incident_id


def recover(connection: Connection, dag_id: str, clock: Any) -> None:
    connection.execute(
        "update incidents.incidents set state = 'resolved', resolved_at = %s"
        " where subject = %s and state = 'open'",
        [clock(), dag_id],
    )
    connection.commit()


@pytest.fixture
def run(connection: Connection, slack: Any, settings: Any, clock: Any) -> Any:
    """Tell once; options replace the chat and settings."""

    def run(chat: Any = None, company: Company | None = None, **changed: Any) -> IncidentNotifyResult:
        return notify_incidents(
            connection,
            chat or slack.chat(),
            settings=settings.model_copy(update=changed),
            clock=clock,
            company=company or SHIPPED.company,
            sleep=lambda seconds: clock.forward(seconds=seconds),
        )

    return run


def test_an_incident_is_posted_once_with_what_on_call_needs(connection, slack, run, clock):
    incident_id = fail(connection, "score_leads", clock)
    assert run() == IncidentNotifyResult(posted=1, updated=0, escalated=0, resolved=0, digests=0, waiting=0)
    assert run() == IncidentNotifyResult(posted=0, updated=0, escalated=0, resolved=0, digests=0, waiting=0)
    (message,) = slack.messages()
    shown = message["text"] + str(message["blocks"])
    for expected in (
        "score_leads",
        "2026-07-31 02:00 JST",
        "task push, try 2",
        "<https://wiki.example/runbooks/dag_failed.md|Runbook>",
        "<http://localhost:8080/dags/score_leads/runs/scheduled__1|Run in Airflow>",
    ):
        assert expected in shown
    payload = message["metadata"]["event_payload"]
    assert payload["incident_id"] == str(incident_id)


def test_it_is_edited_in_place_when_it_ends(connection, slack, run, clock):
    fail(connection, "score_leads", clock)
    run()
    clock.forward(minutes=72)
    recover(connection, "score_leads", clock)
    assert run(company=JAPAN).resolved == 1
    (message,) = slack.messages()
    assert message["text"] == "解消: DAG score_leads の失敗"
    assert "1時間12分" in str(message["blocks"])
    assert message["edited"]
    clock.forward(minutes=60)
    assert run() == IncidentNotifyResult(0, 0, 0, 0, 0, 0), "the end of the story is the end"


def test_it_is_escalated_once_in_its_thread_with_a_mention(connection, slack, run, clock):
    fail(connection, "score_leads", clock)
    run()
    connection.execute("update incidents.incidents set escalated_at = %s", [clock.forward(minutes=15)])
    connection.commit()
    assert run().escalated == 1
    assert run().escalated == 0
    (message,) = slack.messages()
    (reply,) = slack.replies(message["ts"])
    assert reply["text"].startswith("<!subteam^S0ONCALL> still open after 15 min")


def test_an_edit_needs_news_and_patience(connection, slack, run, clock):
    fail(connection, "score_leads", clock)
    run()
    clock.forward(minutes=2)
    fail(connection, "score_leads", clock)
    assert run().updated == 0, "too soon"
    clock.forward(minutes=10)
    assert run().updated == 1
    assert "failures: 2" in str(slack.messages()[0]["blocks"])
    clock.forward(minutes=10)
    assert run().updated == 0, "no news"


def test_many_become_one_digest_that_grows_in_place(connection, slack, run, clock):
    for number in range(6):
        fail(connection, f"dag_{number}", clock)
    assert run() == IncidentNotifyResult(posted=0, updated=0, escalated=0, resolved=0, digests=1, waiting=0)
    fail(connection, "dag_6", clock)
    assert run().updated == 1
    (message,) = slack.messages()
    assert message["text"] == "CRITICAL: Airflow DAGs: 7 open"
    assert "dag_4" in str(message["blocks"])
    assert "… and 2 more" in str(message["blocks"])
    for number in range(7):
        recover(connection, f"dag_{number}", clock)
    assert run().resolved == 1
    (message,) = slack.messages()
    assert message["text"] == "RESOLVED: Airflow DAGs: all 7 resolved"


def test_told_ones_keep_their_message_when_more_come(connection, slack, run, clock):
    for number in range(5):
        fail(connection, f"dag_{number}", clock)
    assert run().posted == 5
    for number in range(5, 9):
        fail(connection, f"dag_{number}", clock)
    assert run().digests == 1
    assert len(slack.messages()) == 6
    assert slack.messages()[-1]["text"] == "CRITICAL: Airflow DAGs: 4 open"


def test_an_old_digest_takes_in_nothing_new(connection, slack, run, clock):
    for number in range(6):
        fail(connection, f"dag_{number}", clock)
    run()
    clock.forward(hours=9)
    fail(connection, "dag_6", clock)
    run()
    assert [message["text"] for message in slack.messages()] == [
        "CRITICAL: Airflow DAGs: 6 open",
        "CRITICAL: DAG dag_6 failed",
    ]


def test_down_slack_loses_nothing_and_brings_no_flood(connection, slack, run, clock):
    nowhere = slack.chat(url=slack.nowhere(), timeout=1)
    fail(connection, "short", clock)
    fail(connection, "long", clock)
    fail(connection, "lasting", clock)
    down = run(nowhere)
    assert (down.waiting, down.problems) == (3, ("Slack cannot be reached: no connection",))
    clock.forward(minutes=1)
    recover(connection, "short", clock)
    clock.forward(minutes=30)
    recover(connection, "long", clock)
    run(nowhere)
    told = run()
    assert (told.posted, told.resolved, told.waiting) == (1, 1, 0)
    shown = {message["text"]: str(message["blocks"]) for message in slack.messages()}
    assert sorted(shown) == ["CRITICAL: DAG lasting failed", "RESOLVED: DAG long failed"]
    assert "2026-07-31 02:00 JST to 2026-07-31 02:31 JST" in shown["RESOLVED: DAG long failed"]


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after", "half_answer"])
def test_a_post_without_an_answer_is_found_again(connection, slack, run, clock, kind):
    fail(connection, "score_leads", clock)
    slack.fault(kind, count=1, seconds=1)
    assert run(slack.chat(timeout=0.3)).waiting == 1
    assert run().waiting == 1, "it may still be on its way"
    clock.forward(minutes=5)
    recover(connection, "score_leads", clock)
    assert run().resolved == 1
    (message,) = slack.messages()
    assert message["text"] == "RESOLVED: DAG score_leads failed"


@pytest.mark.parametrize("kind", ["timeout_before", "reset_before", "500"])
def test_a_post_that_was_not_done_is_done_again(connection, slack, run, clock, kind):
    fail(connection, "score_leads", clock)
    slack.fault(kind, count=1, seconds=1)
    assert run(slack.chat(timeout=0.3)).waiting == 1
    clock.forward(seconds=31)
    assert run().posted == 1
    assert len(slack.messages()) == 1


def test_slack_is_given_the_time_it_asks_for(connection, slack, run, clock):
    fail(connection, "score_leads", clock)
    before = clock()
    slack.fault("429", count=1, retry_after=7)
    assert run().posted == 1
    assert clock() == before + timedelta(seconds=7)
    fail(connection, "watch_sla", clock)
    slack.fault("429", count=1, retry_after=90)
    told = run()
    assert (told.posted, told.waiting, told.problems) == (0, 1, ("Slack asks to wait 90 s",))
    assert run().posted == 1


def test_one_run_tells_at_most_so_many_and_keeps_a_distance(connection, slack, run, clock):
    for number in range(4):
        fail(connection, f"dag_{number}", clock)
    before = clock()
    told = run(max_calls_per_run=3, seconds_between_calls=1.0)
    assert (told.posted, told.waiting) == (3, 1)
    assert clock() == before + timedelta(seconds=2)
    assert run().posted == 1


def test_a_refusal_says_what_to_change_and_stops_nobody_else(connection, slack, run, clock):
    fail(connection, "score_leads", clock)
    run()
    recover(connection, "score_leads", clock)
    connection.execute("update alerts.messages set channel = '#by-name'")  # Slack edits by id only
    connection.commit()
    fail(connection, "watch_sla", clock)
    told = run()
    assert (told.posted, told.waiting) == (1, 1)
    assert told.problems == (
        "Slack refused with channel_not_found: set `channel` in alerts.yaml to the id of a channel that the"
        " app can see",
    )


def test_a_message_that_somebody_deleted_is_let_go(connection, slack, run, clock):
    fail(connection, "score_leads", clock)
    run()
    connection.execute("update alerts.messages set message_ts = '1.000001'")
    connection.commit()
    recover(connection, "score_leads", clock)
    assert run().problems == ()
    assert run().waiting == 0
    assert len(slack.messages()) == 1


def test_a_webhook_posts_begin_call_and_end_and_nothing_twice(connection, slack, run, clock):
    chat = WebhookChat(WebhookClient(f"{slack.url}/services/T/B/X", timeout=60))
    slack.channel = slack.webhook_channel()
    fail(connection, "score_leads", clock)
    assert run(chat).posted == 1
    connection.execute("update incidents.incidents set escalated_at = %s", [clock.forward(minutes=15)])
    connection.commit()
    assert run(chat).escalated == 1
    fail(connection, "score_leads", clock)
    clock.forward(minutes=15)
    assert run(chat).updated == 0
    recover(connection, "score_leads", clock)
    assert run(chat).resolved == 1
    assert run(chat) == IncidentNotifyResult(0, 0, 0, 0, 0, 0)
    assert [message["text"].split(":")[0] for message in slack.messages()] == [
        "CRITICAL",
        "<!subteam^S0ONCALL> still open after 15 min",
        "RESOLVED",
    ]


def test_after_the_database_went_back_what_is_in_slack_is_found_and_what_is_new_is_posted(
    connection, slack, run, clock
):
    """The backup has the incident without its message; a second one began since."""
    fail(connection, "score_leads", clock)
    run()
    connection.execute(
        "update alerts.messages set posted_at = null, channel = null, message_ts = null, attempts = 0,"
        " tried_at = null, unknown_since = null"
    )
    connection.execute(
        "insert into delivery.holds (reason, held_at) values ('mark', %s)", [clock.forward(minutes=30)]
    )
    clock.forward(minutes=1)
    fail(connection, "watch_sla", clock)
    run()
    assert [
        ("score_leads" in message["text"], "watch_sla" in message["text"]) for message in slack.messages()
    ] == [
        (True, False),
        (False, True),
    ]


def test_a_number_that_starts_again_finds_no_message_of_before(connection, slack, run, clock):
    """After a restored backup the next message has the number of one that is in Slack already."""
    fail(connection, "score_leads", clock)
    run()
    connection.execute("truncate alerts.messages, incidents.incidents restart identity")
    connection.commit()
    fail(connection, "watch_sla", clock)
    slack.fault("500", path="/api/chat.postMessage", count=1)
    run()
    clock.forward(minutes=5)
    run()
    assert ["watch_sla" in message["text"] for message in slack.messages()] == [False, True]


def test_messages_in_slack_that_are_not_on_record_are_found(connection, slack, run, clock):
    fail(connection, "score_leads", clock)
    run()
    chat = slack.chat()
    chat.post(text="from somebody else's leadops", blocks=[], payload={"key": "other-1-0123456789ab"})
    chat.post(text="about an outage", blocks=[], payload={"key": "x-database_down"})
    keys = [posted.payload["key"] for posted in chat.list_posted(since=clock())]
    assert len(keys) == 3
    installation = find_installation_id(connection)
    assert find_unknown_keys(connection, keys, installation=installation) == []
    connection.execute("truncate alerts.messages")
    (unknown,) = find_unknown_keys(connection, keys, installation=installation)
    assert unknown.startswith(f"{installation}-1-")
