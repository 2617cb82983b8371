"""Open notices: which can be sent now, which of them are one message, and which are dropped as too old."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from leadops.clients.chat import Chat
from leadops.db import Connection
from leadops.queries import Queries
from leadops.routing.assignment_message import AssignmentNotice
from leadops.routing.routing_rules import SlackSettings

queries = Queries(__file__)

#: Why a message about a lead after hours is not sent.
NO_OWN_CHANNEL = "after hours: no channel of its own (slack.channel of routing.yaml)"

#: A message whose post ended without an answer may still appear; it is looked up no sooner than this.
LOOK_UP_AFTER = timedelta(seconds=30)

#: Leads in one message; more make more messages.
LEADS_IN_MESSAGE = 10


class _DueNotice(NamedTuple):
    """A notice that can be sent; those of one recipient and wording may be one message."""

    assignment_id: int
    recipient: str
    wording: str
    has_begun: bool


def list_due(connection: Connection, settings: SlackSettings, now: datetime) -> list[list[int]]:
    """Return the notices that can be sent, those that may be one message together; the oldest first.

    A message that may be in Slack stays as it is: no other lead joins it.
    """
    with connection.transaction():
        due = queries.all(
            connection,
            "list_due_notices",
            _DueNotice,
            look_up_before=now - LOOK_UP_AFTER,
            wanted_before=now - timedelta(minutes=settings.wait_for_id_minutes),
        )
    groups: list[list[int]] = []
    open_groups: dict[tuple[str, str], list[int]] = {}
    for notice in due:
        key = (notice.recipient, notice.wording)
        group = open_groups.get(key)
        if notice.has_begun or group is None or len(group) == LEADS_IN_MESSAGE:
            group = []
            groups.append(group)
            if not notice.has_begun:
                open_groups[key] = group
        group.append(notice.assignment_id)
    return groups


def lock_notices(
    connection: Connection,
    chat: Chat,
    assignment_ids: Sequence[int],
    *,
    settings: SlackSettings,
    clock: Callable[[], datetime],
) -> tuple[list[AssignmentNotice], int]:
    """Lock the notices that are still due and make them one message; return how many were dropped."""
    notices, dropped = [], 0
    for notice in lock_due(connection, assignment_ids, clock=clock):
        reason = None
        if clock() - notice.created_at > timedelta(minutes=settings.drop_after_minutes):
            reason = "not delivered within drop_after_minutes"
        elif notice.rep_id is None and not _has_own_channel(chat, settings):
            reason = NO_OWN_CHANNEL
        if reason is None:
            notices.append(notice)
            continue
        queries.run(connection, "drop_notice", assignment_id=notice.assignment_id, reason=reason, now=clock())
        dropped += 1
    # A message that may be in Slack keeps its leads, unless that in which they stood was dropped.
    if notices and (notices[0].unknown_since is None or notices[0].first_id != notices[0].assignment_id):
        first_id, ids = notices[0].assignment_id, [notice.assignment_id for notice in notices]
        queries.run(connection, "leave_message", first_id=first_id, assignment_ids=ids)
        queries.run(connection, "join_message", first_id=first_id, assignment_ids=ids)
        notices = [replace(notice, first_id=first_id) for notice in notices]
    return notices, dropped


def lock_due(
    connection: Connection, assignment_ids: Sequence[int], *, clock: Callable[[], datetime]
) -> list[AssignmentNotice]:
    """Lock those of the notices that are still due; another process may have tried them since."""
    locked = queries.values(
        connection,
        "lock_due_notices",
        assignment_ids=list(assignment_ids),
        look_up_before=clock() - LOOK_UP_AFTER,
    )
    return read_notices(connection, locked)


def read_notices(connection: Connection, assignment_ids: Sequence[int]) -> list[AssignmentNotice]:
    """Return what messages say of the notices, in the order of their numbers."""
    if not assignment_ids:
        return []
    return queries.all(connection, "read_notices", AssignmentNotice, assignment_ids=list(assignment_ids))


def _has_own_channel(chat: Chat, settings: SlackSettings) -> bool:
    """Return whether salespeople have a channel of their own. A connection's own channel wins over theirs."""
    return settings.channel is not None and chat.channel == settings.channel


def doubt_open_notices(connection: Connection, *, before: datetime) -> int:
    """Let the open notices made before then be looked up in Slack before they are posted; return how many.

    In the caller's transaction: after the database went back, any of them may have been posted.
    """
    return queries.run(connection, "doubt_open", before=before)
