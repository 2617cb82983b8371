"""One Slack message for each lead given, whatever Slack does, against a Slack over HTTP."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from slack_sdk.webhook import WebhookClient

from leadops.clients.chat import ApiChat, Chat, WebhookChat
from leadops.clients.slack_errors import ChatUnknownError
from leadops.company import Company
from leadops.db import connect
from leadops.queries import Queries
from leadops.routing import removal as erase_person
from leadops.routing.notice_message import FindDue, NoticeContext
from leadops.routing.notices import NO_OWN_CHANNEL, doubt_open_notices
from leadops.routing.notify_reps import RepNotifyResult, notify_reps
from tests.alerts.conftest import Slack, slack, slack_server
from tests.held_rows import hold_until_awaited
from tests.routing.conftest import Office, everybody
from tests.shipped import SHIPPED, change

__all__ = ["slack", "slack_server"]


def notify(
    office: Office,
    slack: Slack,
    *,
    chat: Chat | None = None,
    sleep: Callable[[float], None] = lambda _: None,
    company: Company = SHIPPED.company,
    find_due: FindDue = lambda _connection, _keys: {},
    **changes: Any,
) -> RepNotifyResult:
    settings = everybody().slack.model_copy(update={"seconds_between": 0} | changes)
    return notify_reps(
        office.connection,
        chat or slack.chat(timeout=30),
        context=NoticeContext(settings, company, SHIPPED.scoring.grades, SHIPPED.scoring.labels(), find_due),
        clock=slack.clock,
        sleep=sleep,
    )


@pytest.fixture
def given(office: Office, slack: Slack) -> Office:
    """Two leads given to two salespeople; the CRM knows the first."""
    office.rep("a", slack_id="U0A")
    office.rep("b")
    office.mql(1)
    office.mql(2)
    office.assign()
    office.connection.execute("update routing.notices set created_at = %s", [slack.clock()])
    office.connection.execute("insert into delivery.external_ids values ('crm', 1, 'L-7', now())")
    office.connection.commit()
    return office


def texts(slack: Slack) -> list[str]:
    return [message["text"] for message in slack.messages()]


def test_each_is_notified_once_with_a_link_and_without_names(given: Office, slack: Slack) -> None:
    link = "https://crm.example/leads/{id}"
    assert notify(given, slack, crm_link=link) == RepNotifyResult(sent=1, dropped=0)
    tried = given.rows("select attempts, unknown_since is null from routing.notices order by assignment_id")
    assert tried[1] == (0, True), "the second was not tried"
    slack.clock.forward(minutes=3)
    assert notify(given, slack) == RepNotifyResult(sent=1, dropped=0)
    assert notify(given, slack) == RepNotifyResult(sent=0, dropped=0)
    assert texts(slack) == [
        "<@U0A>: lead 1 is yours (<https://crm.example/leads/L-7|open in the CRM>)",
        "*b*: lead 2 is yours",
    ]


@pytest.mark.parametrize("kind", ["reset_after", "half_answer", "reset_before", "500", "429"])
def test_it_is_one_message_whatever_gets_lost(given: Office, slack: Slack, kind: str) -> None:
    slack.fault(kind, path="/api/chat.postMessage", count=1)
    assert notify(given, slack).problem
    slack.clock.forward(seconds=31)
    assert notify(given, slack) == RepNotifyResult(sent=1, dropped=0)
    assert texts(slack) == ["<@U0A>: lead 1 is yours (in the CRM: L-7)"]


def test_a_post_that_may_be_under_way_is_left_alone(given: Office, slack: Slack) -> None:
    slack.fault("reset_after", path="/api/chat.postMessage", count=1)
    notify(given, slack)
    slack.clock.forward(seconds=29)
    assert notify(given, slack) == RepNotifyResult(sent=0, dropped=0)


def test_two_notifiers_at_once_send_one(given: Office, slack: Slack, database_url: str) -> None:
    def run(_: int) -> int:
        with connect(database_url) as connection:
            return notify(Office(connection), slack).sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 1
    assert len(texts(slack)) == 1


def test_a_process_that_only_looks_does_not_stop_a_post_that_has_begun(
    given: Office, slack: Slack, database_url: str
) -> None:
    """Between the record of the second attempt and its post, another process has the row for a moment."""
    slack.clock.forward(minutes=3)  # both are due
    second = given.rows("select max(assignment_id) from routing.notices")[0][0]
    looks = f"select from routing.notices where assignment_id = {second} for update skip locked"
    with hold_until_awaited(database_url, looks) as look:
        assert notify(given, slack, sleep=lambda _: look()) == RepNotifyResult(sent=2, dropped=0)
    assert len(texts(slack)) == 2


def test_what_another_process_has_just_tried_is_left_alone(
    given: Office, slack: Slack, database_url: str
) -> None:
    """A run lists both; while it posts the first, another's post of the second ends without an answer."""
    slack.clock.forward(minutes=3)

    class Loses(ApiChat):
        def post(self, **values: Any) -> Any:
            raise ChatUnknownError("lost")

    class Overtaken(ApiChat):
        def post(self, **values: Any) -> Any:
            with connect(database_url) as connection:
                assert notify(Office(connection), slack, chat=Loses(slack.chat()._client, "C1")).problem
            return super().post(**values)

    chat = Overtaken(slack.chat(timeout=30)._client, slack.channel)
    assert notify(given, slack, chat=chat) == RepNotifyResult(sent=1, dropped=0)
    assert given.rows("select attempts from routing.notices order by assignment_id") == [(1,), (1,)]
    slack.clock.forward(seconds=31)
    assert notify(given, slack) == RepNotifyResult(sent=1, dropped=0)
    assert len(texts(slack)) == 2


def test_a_notifier_that_dies_while_posting_leaves_it_to_the_next(given: Office, slack: Slack) -> None:
    class Dies:
        can_edit = True

        def post(self, **values: Any) -> Any:
            slack.chat().post(**values)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        notify(given, slack, chat=Dies())  # type: ignore[arg-type]
    given.connection.rollback()
    slack.clock.forward(seconds=31)
    assert notify(given, slack).sent == 1
    assert len(texts(slack)) == 1


def test_a_webhook_cannot_look_up_and_sends_again(given: Office, slack: Slack) -> None:
    class Loses(WebhookChat):
        calls = 0

        def post(self, **values: Any) -> Any:
            self.calls += 1
            if self.calls == 1:
                raise ChatUnknownError("lost")
            return super().post(**values)

    chat = Loses(WebhookClient(f"{slack.url}/services/T/B/X", retry_handlers=[]))
    assert notify(given, slack, chat=chat).problem == "lost"
    slack.clock.forward(seconds=31)
    assert notify(given, slack, chat=chat).sent == 1


def test_old_news_and_leads_that_moved_on_are_dropped(given: Office, slack: Slack) -> None:
    given.rep("c")
    given.wake(1)
    given.assign(1)
    given.connection.execute("update routing.notices set created_at = %s", [slack.clock()])
    slack.clock.forward(minutes=3)
    assert notify(given, slack, at_most=1).sent == 1
    slack.clock.forward(minutes=61)
    assert notify(given, slack) == RepNotifyResult(sent=0, dropped=1)
    assert texts(slack) == ["*b*: lead 2 is yours"]
    reasons = given.rows("select reason from routing.notices where state = 'dropped' order by assignment_id")
    assert [reason for (reason,) in reasons] == [
        "the lead has moved on",
        "not delivered within drop_after_minutes",
    ]


def test_a_refusal_ends_the_run_and_says_what_to_change(given: Office, slack: Slack) -> None:
    chat = slack.chat()
    chat._client.token = "xoxb-wrong"
    done = notify(given, slack, chat=chat)
    assert "password of the connection leadops_slack" in done.problem
    assert done.sent == 0


@pytest.fixture
def at_night(given: Office) -> Office:
    """The second lead waits with inside sales: nobody was at work."""
    given.connection.execute(
        "update routing.assignments set rep_id = null, queue = 'inside-sales' where lead_id = 2"
    )
    given.connection.commit()
    return given


@pytest.mark.parametrize("channel", [None, "C0OTHER"])
def test_the_channel_of_alerts_gets_no_post_for_a_lead_after_hours(
    at_night: Office, slack: Slack, channel: str | None
) -> None:
    """Without a channel of its own, or where the connection's channel wins over it."""
    slack.clock.forward(minutes=3)
    assert notify(at_night, slack, channel=channel) == RepNotifyResult(sent=1, dropped=1)
    assert texts(slack) == ["<@U0A>: lead 1 is yours (in the CRM: L-7)"]
    rows = at_night.rows("select state, reason from routing.notices order by assignment_id")
    assert rows == [("sent", None), ("dropped", NO_OWN_CHANNEL)]
    assert notify(at_night, slack, channel=channel) == RepNotifyResult(sent=0, dropped=0)


def test_a_channel_of_its_own_gets_them(at_night: Office, slack: Slack) -> None:
    slack.clock.forward(minutes=3)
    own = slack.chat(timeout=30).channel
    assert notify(at_night, slack, channel=own) == RepNotifyResult(sent=2, dropped=0)
    assert texts(slack)[1] == "*inside-sales*: lead 2 is yours until working hours begin"


def test_nobody_is_notified_while_everything_is_on_hold(given: Office, slack: Slack) -> None:
    given.connection.execute("insert into delivery.holds (reason, held_at) values ('by hand', now())")
    given.connection.commit()
    result = notify(given, slack)
    assert (result.sent, texts(slack)) == (0, [])
    assert "leadops restored" in result.problem


def test_what_may_have_been_posted_before_the_database_went_back_is_looked_up(
    given: Office, slack: Slack
) -> None:
    slack.clock.forward(minutes=1)
    assert notify(given, slack, wait_for_id_minutes=0).sent == 2
    given.connection.execute(
        "update routing.notices set state = 'open', attempts = 0, tried_at = null, unknown_since = null"
    )
    assert doubt_open_notices(given.connection, before=slack.clock.forward(minutes=1)) == 2
    given.connection.commit()
    assert notify(given, slack, wait_for_id_minutes=0).sent == 2
    assert len(texts(slack)) == 2
    assert doubt_open_notices(given.connection, before=slack.clock()) == 0


def test_only_notices_from_before_the_database_went_back_come_into_doubt_and_only_once(
    given: Office, slack: Slack
) -> None:
    """Lead 1's notice is in doubt since a minute ago, lead 2's is of the very moment, another is older."""
    given.mql(3)
    given.assign()
    now, minute = slack.clock(), timedelta(minutes=1)
    for lead, created, doubted in (
        (1, now - 2 * minute, now - minute),
        (2, now, None),
        (3, now - minute, None),
    ):
        given.connection.execute(
            "update routing.notices set created_at = %s, unknown_since = %s, tried_at = %s"
            " where assignment_id = (select assignment_id from routing.assignments where lead_id = %s)",
            [created, doubted, doubted, lead],
        )
    assert doubt_open_notices(given.connection, before=now) == 1
    rows = given.rows("select unknown_since, tried_at from routing.notices order by assignment_id")
    assert rows == [(now - minute, now - minute), (None, None), (now - minute, now - minute)]


@pytest.mark.parametrize(
    ("language", "state", "expected"),
    [
        ("en", "customer", "*b*: lead 2 is yours: a colleague of a customer, not a new lead"),
        (
            "en",
            "open_deal",
            "*b*: lead 2 is yours: a colleague in a company with an open deal, not a new lead",
        ),
        (
            "ja",
            "customer",
            "*b*: リード 2 の担当をお願いします。既存のお客様と同じ会社の方です（新規リードではありません）",
        ),
        (
            "ja",
            "open_deal",
            "*b*: リード 2 の担当をお願いします。商談中の会社の別の方です（新規リードではありません）",
        ),
    ],
)
def test_a_customers_colleague_is_called_one(
    given: Office, slack: Slack, language: str, state: str, expected: str
) -> None:
    # Lead 1 is of a known account too, and counts as a new lead all the same.
    for lead, means in ((1, "count"), (2, "tell")):
        given.connection.execute(
            "update lifecycle.transitions set evidence = evidence || %s where lead_id = %s",
            [Jsonb({"account": {"state": state, "means": means, "lead_id": 77}}), lead],
        )
    given.connection.commit()
    slack.clock.forward(minutes=3)
    company = change(SHIPPED.company, language=language)
    assert notify(given, slack, company=company) == RepNotifyResult(sent=2, dropped=0)
    first, second = texts(slack)
    assert second == expected
    assert "L-7" in first
    assert not any(word in first for word in ("customer", "deal", "お客様", "商談"))
    assert "77" not in first + second


def withdraw(office: Office, lead: int, cycle: int = 1) -> None:
    """Take the MQL back, as lifecycle does, and let routing follow."""
    office.connection.execute(
        "delete from lifecycle.transitions where lead_id = %s and cycle = %s", [lead, cycle]
    )
    office.wake(lead, cycle, "merge")
    office.assign(5)


#: What else is on record where lifecycle takes an MQL back, and what the salesperson reads.
WITHDRAWN = {
    "machine": ("select 1", "a machine, not a person, did what it stood on"),
    "internal": (
        "insert into identity.uncounted_leads values (1, 'internal', 'own networks', now())",
        "it is one of our own people or a test",
    ),
    "split": (
        "insert into identity.lead_merges (older_lead_id, younger_lead_id, kind, value, event_seq, merged_at,"
        " undone_at) values (1, 9, 'user_id', 'u', 1, '2026-05-01', now())",
        "part of what it stood on was done by somebody else",
    ),
}


@pytest.mark.parametrize("because", WITHDRAWN)
def test_the_message_about_an_mql_that_was_taken_back_says_so(
    given: Office, slack: Slack, because: str
) -> None:
    slack.clock.forward(minutes=3)
    assert notify(given, slack).sent == 2
    on_record, text = WITHDRAWN[because]
    given.connection.execute(on_record)
    withdraw(given, 1)
    assert notify(given, slack) == RepNotifyResult(sent=0, dropped=0)
    assert texts(slack) == [
        f"<@U0A>: lead 1 was withdrawn, do not call: {text} (in the CRM: L-7)",
        "*b*: lead 2 is yours",
    ]
    reasons = given.rows("select state, reason from routing.notices order by assignment_id")
    assert reasons == [("dropped", f"the MQL was taken back: {because}"), ("sent", None)]
    slack.fault("500", path="/api/chat.update", count=1)
    assert notify(given, slack) == RepNotifyResult(sent=0, dropped=0), "it is edited once"


def test_an_edit_that_fails_is_made_by_the_next_run(given: Office, slack: Slack) -> None:
    assert notify(given, slack).sent == 1
    withdraw(given, 1)
    slack.fault("500", path="/api/chat.update", count=1)
    assert notify(given, slack).problem
    assert "is yours" in texts(slack)[0]
    assert notify(given, slack).problem == ""
    assert "was withdrawn" in texts(slack)[0]


def test_what_is_not_in_slack_yet_is_not_sent(given: Office, slack: Slack) -> None:
    withdraw(given, 1)
    slack.clock.forward(minutes=3)
    assert notify(given, slack).sent == 1
    assert texts(slack) == ["*b*: lead 2 is yours"]


@pytest.mark.parametrize("kind", ["reset_after", "reset_before"])
def test_a_message_of_unknown_outcome_says_in_the_end_that_it_was_withdrawn(
    given: Office, slack: Slack, kind: str
) -> None:
    slack.fault(kind, path="/api/chat.postMessage", count=1)
    assert notify(given, slack).problem
    withdraw(given, 1)
    for _ in range(3):
        slack.clock.forward(seconds=31)
        assert notify(given, slack).problem == ""
    (text,) = [text for text in texts(slack) if "lead 1" in text]
    assert "was withdrawn" in text


def erase(office: Office, lead: int) -> None:
    """Erase what routing knows of a lead."""
    queries = Queries(erase_person.__file__)
    queries.run(office.connection, "replace_notices", lead_ids=[lead], now=office.at(0))
    office.connection.commit()


@pytest.mark.parametrize("kind", ["reset_after", "reset_before"])
def test_a_message_that_may_be_in_slack_says_nothing_of_somebody_erased(
    given: Office, slack: Slack, kind: str
) -> None:
    slack.fault(kind, path="/api/chat.postMessage", count=1)
    assert notify(given, slack).problem
    assert ["L-7" in text for text in texts(slack)] == ([True] if kind == "reset_after" else [])
    erase(given, 1)
    for _ in range(3):
        slack.clock.forward(seconds=31)
        assert notify(given, slack).problem == ""
    assert [text for text in texts(slack) if "L-7" in text] == []
    shown = [text for text in texts(slack) if "lead 1" in text]
    assert shown == (["<@U0A>: lead 1 is yours"] if kind == "reset_after" else []), "nobody hears of it now"
    assert given.rows("select state, reason from routing.notices where assignment_id = 1") == [
        ("dropped", "erased")
    ]


def test_every_message_of_the_cycle_is_replaced_and_none_of_another(given: Office, slack: Slack) -> None:
    given.rep("c")
    assert notify(given, slack).sent == 1
    given.wake(1)
    given.assign(1)
    given.connection.execute("update routing.notices set created_at = %s", [slack.clock()])
    given.connection.commit()
    slack.clock.forward(minutes=3)
    assert notify(given, slack).sent == 2
    withdraw(given, 1)
    notify(given, slack)
    assert ["was withdrawn" in text for text in texts(slack)] == ["lead 1 " in text for text in texts(slack)]


def test_a_webhook_cannot_edit_and_the_message_stays(given: Office, slack: Slack) -> None:
    chat = WebhookChat(WebhookClient(f"{slack.url}/services/T/B/X", retry_handlers=[]))
    assert notify(given, slack, chat=chat).sent == 1
    withdraw(given, 1)
    assert notify(given, slack, chat=chat) == RepNotifyResult(sent=0, dropped=0)
    assert notify(given, slack).problem == "", "nor can the API, which does not know where it is"
    assert given.rows("select state from routing.notices where assignment_id = 1") == [("dropped",)]


@pytest.fixture
def many(office: Office, slack: Slack) -> Office:
    """Thirteen leads for one salesperson at once."""
    office.rep("a", slack_id="U0A", capacity_per_day=20)
    for lead in range(1, 14):
        office.mql(lead)
    office.assign()
    office.connection.execute("update routing.notices set created_at = %s", [slack.clock()])
    office.connection.commit()
    slack.clock.forward(minutes=3)
    return office


def sections(slack: Slack, place: int) -> list[str]:
    return [block["text"]["text"] for block in slack.messages()[place]["blocks"]]


def named_leads(slack: Slack) -> list[int]:
    """The lead of each line in which one is named, in all messages."""
    shown = [section for place in range(len(texts(slack))) for section in sections(slack, place)]
    return sorted(int(found[1]) for section in shown if (found := re.search(r"[Ll]ead (\d+)", section)))


def states(office: Office) -> dict[str, int]:
    return dict(office.rows("select state, count(*) from routing.notices group by state"))  # type: ignore[arg-type]


def test_what_one_recipient_gets_at_once_is_one_message(many: Office, slack: Slack) -> None:
    many.rep("b")
    many.mql(20)
    many.assign()
    many.connection.execute("update routing.assignments set rep_id = 'b' where lead_id = 20")
    many.connection.execute("update routing.notices set created_at = %s", [slack.clock()])
    many.connection.commit()
    slack.clock.forward(minutes=3)
    assert notify(many, slack) == RepNotifyResult(sent=3, dropped=0)
    assert texts(slack) == [
        "<@U0A>: 10 leads are yours",
        "<@U0A>: 3 leads are yours",
        "*b*: lead 20 is yours",
    ]
    assert sections(slack, 0) == ["<@U0A>: 10 leads are yours", *(f"*Lead {lead}*" for lead in range(1, 11))]
    assert notify(many, slack) == RepNotifyResult(sent=0, dropped=0)
    assert states(many) == {"sent": 14}


@pytest.mark.parametrize("kind", ["reset_after", "half_answer", "reset_before", "500"])
def test_many_leads_are_one_message_whatever_gets_lost(many: Office, slack: Slack, kind: str) -> None:
    """A lead that comes while it is unknown whether the message is in Slack gets one of its own."""
    slack.fault(kind, path="/api/chat.postMessage", count=1)
    assert notify(many, slack).problem
    many.mql(30)
    many.assign()
    many.connection.execute("update routing.notices set created_at = %s", [slack.clock()])
    many.connection.commit()
    slack.clock.forward(minutes=3)
    while notify(many, slack).sent:
        slack.clock.forward(seconds=31)
    assert named_leads(slack) == [*range(1, 14), 30]
    assert states(many) == {"sent": 14}


def test_one_of_many_that_was_withdrawn_is_told_in_their_message(many: Office, slack: Slack) -> None:
    notify(many, slack)
    withdraw(many, 2)
    withdraw(many, 12)
    notify(many, slack)
    shown = sections(slack, 0)
    machine = "was withdrawn, do not call: a machine, not a person, did what it stood on"
    assert [section for section in shown if "withdrawn" in section] == [f"*Lead 2* {machine}"]
    assert len(shown) == 11
    assert sections(slack, 1) == [
        "<@U0A>: 3 leads are yours",
        "*Lead 11*",
        f"*Lead 12* {machine}",
        "*Lead 13*",
    ]


def test_a_lead_that_is_dropped_between_two_attempts_leaves_the_message(many: Office, slack: Slack) -> None:
    """The first of them, in whose row the post is on record, and another."""
    slack.fault("429", path="/api/chat.postMessage", count=1)
    assert notify(many, slack).problem
    for lead in (1, 5):
        many.connection.execute(
            "update routing.notices set state = 'dropped', settled_at = now(), reason = 'moved on'"
            " where assignment_id = (select assignment_id from routing.assignments where lead_id = %s)",
            [lead],
        )
    many.connection.commit()
    slack.clock.forward(minutes=1)
    while notify(many, slack).sent:
        slack.clock.forward(seconds=31)
    assert named_leads(slack) == [lead for lead in range(1, 14) if lead not in (1, 5)]
    assert states(many) == {"sent": 11, "dropped": 2}


@pytest.mark.parametrize("lead", [1, 5])
@pytest.mark.parametrize("kind", ["reset_after", "reset_before"])
def test_one_of_many_who_is_erased_while_it_is_unknown_where_they_are(
    many: Office, slack: Slack, kind: str, lead: int
) -> None:
    """The first one, in whose row the post is on record, and another: each lead is named once."""
    many.connection.execute(
        "insert into delivery.external_ids select 'crm', lead, 'L-' || lead, now()"
        " from generate_series(1, 13) as lead"
    )
    many.connection.commit()
    slack.fault(kind, path="/api/chat.postMessage", count=1)
    assert notify(many, slack).problem
    erase(many, lead)
    for _ in range(4):
        slack.clock.forward(seconds=31)
        while notify(many, slack).sent:
            pass
    others = [other for other in range(1, 14) if other != lead]
    assert named_leads(slack) == (list(range(1, 14)) if kind == "reset_after" else others)
    shown = [section for place in range(len(texts(slack))) for section in sections(slack, place)]
    assert sum("L-" in section for section in shown) == 12
    assert not any(f"L-{lead})" in section for section in shown)
    assert states(many) == {"sent": 12, "dropped": 1}


def test_two_notifiers_at_once_name_each_lead_once(many: Office, slack: Slack, database_url: str) -> None:
    def run(_: int) -> int:
        with connect(database_url) as connection:
            return notify(Office(connection), slack).sent

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    while notify(many, slack).sent:
        pass
    assert named_leads(slack) == list(range(1, 14))
