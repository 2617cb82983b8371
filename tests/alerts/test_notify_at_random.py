"""Whatever happens to Slack and to the notifiers: in the end one message an incident, and a true one."""

import contextlib
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.alerts.alert_message import read_message
from leadops.alerts.next_step import render_message
from leadops.alerts.notify import notify_incidents
from leadops.clients.chat import ApiChat, Blocks, Chat, Posted
from leadops.db import Connection, connect
from leadops.incidents.incident import list_announced, open_incident
from leadops.notifications.messages import Messages
from tests.promises import promise_examples
from tests.shipped import SHIPPED

COMPANY = SHIPPED.company
DAGS = [f"dag_{number}" for number in range(9)]
FAULTS = ["timeout_before", "timeout_after", "reset_before", "reset_after", "half_answer", "500", "429"]
PATHS = ["/api/chat.*", "/api/conversations.*", "/api/*"]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.lists(st.sampled_from(DAGS), min_size=1, max_size=9, unique=True)),
        st.tuples(st.just("resolve"), st.lists(st.sampled_from(DAGS), min_size=1, max_size=9, unique=True)),
        st.tuples(st.just("forward"), st.integers(min_value=0, max_value=40)),
        st.tuples(st.just("notify"), st.sampled_from([1, 3, 30])),
        st.tuples(st.just("notify down"), st.just(None)),
        st.tuples(st.just("notify twice at once"), st.just(None)),
        st.tuples(
            st.just("notify with faults"),
            st.tuples(st.sampled_from(FAULTS), st.sampled_from(PATHS), st.integers(1, 3)),
        ),
        st.tuples(
            st.just("notify and die"), st.tuples(st.integers(0, 4), st.sampled_from(["before", "after"]))
        ),
    ),
    min_size=3,
    max_size=14,
)


class KilledError(BaseException):
    """Ends a notifier on the spot, as a kill does: nothing of it goes on but what it has committed."""


class MortalChat:
    """A chat in whose nth call, before or after its effect, the notifier dies."""

    can_edit = True

    def __init__(self, chat: ApiChat, calls: int, moment: str) -> None:
        self._chat, self._left, self._moment = chat, calls, moment

    def post(
        self, *, text: str, blocks: Blocks, payload: Mapping[str, str], thread: Posted | None = None
    ) -> Posted:
        return self._live(lambda: self._chat.post(text=text, blocks=blocks, payload=payload, thread=thread))

    def update(
        self, posted: Posted, *, text: str, blocks: Blocks, payload: Mapping[str, str] | None = None
    ) -> None:
        self._live(lambda: self._chat.update(posted, text=text, blocks=blocks, payload=payload))

    def find(self, key: str, *, since: Any, thread: Posted | None = None) -> Posted | None:
        return self._live(lambda: self._chat.find(key, since=since, thread=thread))

    def _live(self, call: Any) -> Any:
        self._left -= 1
        if self._left < 0 and self._moment == "before":
            raise KilledError
        result = call()
        if self._left < 0:
            raise KilledError
        return result


class World:
    """The database, Slack and what is done to both."""

    def __init__(self, url: str, slack: Any, calm: Any) -> None:
        self.url, self.slack, self.clock = url, slack, slack.clock
        self.calm = calm.model_copy(update={"update_every_minutes": 0, "longest_wait_seconds": 0})

    def do(self, step: str, value: Any) -> None:
        getattr(self, step.replace(" ", "_"))(value)

    def open(self, dags: list[str]) -> None:
        with connect(self.url) as connection:
            for dag in dags:
                open_incident(
                    connection, kind="dag_failed", subject=dag, facts={"dag_id": dag}, now=self.clock()
                )

    def resolve(self, dags: list[str]) -> None:
        with connect(self.url) as connection:
            connection.execute(
                "update incidents.incidents set state = 'resolved', resolved_at = %s"
                " where state = 'open' and subject = any(%s)",
                [self.clock(), dags],
            )

    def forward(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)
        with connect(self.url) as connection:
            connection.execute(
                "update incidents.incidents set escalated_at = %(now)s where state = 'open'"
                " and escalated_at is null and opened_at < %(now)s - interval '30 minutes'",
                {"now": self.clock()},
            )

    def notify(self, most: int, chat: Chat | None = None) -> int:
        with connect(self.url) as connection:
            return notify_incidents(
                connection,
                chat or self.slack.chat(),
                settings=self.calm.model_copy(update={"max_calls_per_run": most}),
                clock=self.clock,
                company=COMPANY,
                sleep=lambda seconds: None,
            ).waiting

    def notify_down(self, _: None) -> None:
        self.notify(30, self.slack.chat(url=self.slack.nowhere(), timeout=0.5))

    def notify_twice_at_once(self, _: None) -> None:
        with self._slowly():
            notifiers = [threading.Thread(target=self.notify, args=[30]) for _ in range(2)]
            for notifier in notifiers:
                notifier.start()
            for notifier in notifiers:
                notifier.join()

    def notify_with_faults(self, fault: tuple[str, str, int]) -> None:
        kind, path, count = fault
        self.slack.fault(kind, path=path, count=count, seconds=0.5)
        self.notify(30, self.slack.chat(timeout=0.15))
        self.slack.heal()

    def notify_and_die(self, death: tuple[int, str]) -> None:
        with contextlib.suppress(KilledError):
            self.notify(30, MortalChat(self.slack.chat(), *death))

    @contextlib.contextmanager
    def _slowly(self) -> Any:
        """Let the calls of both overlap, and let nobody wait before looking a message up."""
        calm = self.calm
        self.slack.fault("latency", seconds=0.02)
        self.calm = calm.model_copy(update={"look_up_after_seconds": 0})
        yield
        self.calm = calm
        self.slack.heal()

    def settle(self) -> None:
        """Let Slack be well until there is nothing left to tell."""
        for _ in range(6):
            self.clock.forward(minutes=1)
            left = self.notify(1000)
        assert left == 0


def check_promises(world: World, connection: Connection) -> None:
    """Compare what Slack shows with what is on record."""
    posts = {message["ts"]: message for message in world.slack.messages()}
    told = Counter(message["metadata"]["event_payload"]["key"] for message in posts.values())
    assert set(told.values()) <= {1}, f"told twice: {told}"
    rows = connection.execute(
        "select incident_id, incidents.state, resolved_at - opened_at, escalated_at,"
        " is_suppressed, message_id, posted_at, message_ts"
        " from incidents.incidents left join alerts.messages using (message_id)"
    ).fetchall()
    short = timedelta(minutes=world.calm.suppress_below_minutes)
    for incident_id, state, lasted, _, is_suppressed, _, posted_at, ts in rows:
        if is_suppressed:
            assert state == "resolved", incident_id
            assert lasted < short, incident_id
        else:
            assert posted_at, f"incident {incident_id} was never told"
            assert ts in posts, f"incident {incident_id} is not in Slack"
    assert len(posts) == len({row[5] for row in rows if row[5]}), "a message about nothing"
    for message_id in {row[5] for row in rows if row[5]}:
        message = read_message(connection, message_id)
        assert message is not None
        rendered = render_message(
            message,
            list_announced(connection, [message_id]),
            messages=Messages(COMPANY),
            settings=world.calm,
        )
        shown = posts[message.message_ts]
        assert shown["text"] == rendered.text
        assert shown["blocks"] == list(rendered.blocks)
        calls = world.slack.replies(message.message_ts)
        assert len(calls) <= 1, "called twice"
        if any(row[5] == message_id and row[1] == "open" and row[3] for row in rows):
            assert len(calls) == 1, "nobody was called"


@settings(
    max_examples=promise_examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=steps)
def test_one_message_an_incident_whatever_happens(database_url, slack_server, settings, slack, story):
    world = World(database_url, type(slack)(*slack_server), settings)
    with connect(database_url) as connection:
        connection.execute("truncate incidents.incidents, alerts.messages")
        connection.commit()
        for step, value in story:
            world.do(step, value)
        world.settle()
        check_promises(world, connection)
