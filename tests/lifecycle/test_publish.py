"""Who is told of what, in which order; nobody is called for nothing."""

from typing import Any

import pytest

from leadops.lifecycle.publish import (
    CycleKey,
    NewMql,
    Subscription,
    WithdrawnMql,
    publish_facts,
    publish_merges,
    publish_mqls,
    publish_people,
    publish_withdrawals,
)
from leadops.subscribers import SUBSCRIBERS
from tests.lifecycle.conftest import START

MQLS = [NewMql(1, 1, None, is_backfill=False)]
CYCLES = [CycleKey(1, 1)]
WITHDRAWN = [WithdrawnMql(1, 1, "machine")]


def subscribe(calls: list[Any]) -> list[Subscription]:
    """Two rooms that handle everything, and one between them that handles nothing."""

    def handler(room: str, what: str) -> Any:
        return lambda connection, items, now: calls.append((room, what, connection, items, now))

    def all_of(room: str) -> Subscription:
        return Subscription(
            room,
            on_mqls=handler(room, "mqls"),
            on_facts=handler(room, "facts"),
            on_merges=handler(room, "merges"),
            on_withdrawals=handler(room, "withdrawals"),
            on_people=handler(room, "people"),
        )

    return [all_of("b"), Subscription("nothing"), all_of("a")]


@pytest.mark.parametrize(
    ("publish", "what", "items"),
    [
        (publish_mqls, "mqls", MQLS),
        (publish_facts, "facts", CYCLES),
        (publish_merges, "merges", CYCLES),
        (publish_withdrawals, "withdrawals", WITHDRAWN),
        (publish_people, "people", [1, 2]),
    ],
)
def test_each_handler_gets_the_items_in_the_order_of_the_rooms(
    publish: Any, what: str, items: list[Any]
) -> None:
    calls: list[Any] = []
    connection = object()
    publish(connection, subscribe(calls), items, now=START)
    assert calls == [("b", what, connection, items, START), ("a", what, connection, items, START)]
    publish(connection, subscribe(calls), [], now=START)
    assert len(calls) == 2, "nothing happened, nobody is called"


def test_every_room_subscribes_once() -> None:
    rooms = [subscription.room for subscription in SUBSCRIBERS]
    assert len(rooms) == len(set(rooms)) > 0
