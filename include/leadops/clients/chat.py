"""The way to the team's chat: Slack's Web API, or an incoming webhook, which can only post."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any, Protocol

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from leadops.clients.chat_files import ApiFiles, ChatFiles
from leadops.clients.slack_call import call_slack, read_field
from leadops.clients.slack_errors import classify_exception, classify_refusal

EVENT_TYPE = "leadops_message"
#: How far our clock and Slack's may be apart when a message is looked up.
CLOCK_SKEW = timedelta(minutes=5)
PAGE, PAGES = 200, 20

Blocks = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Posted:
    """A message in the chat: where it is, and what it carries for us. A webhook does not say where."""

    channel: str | None = None
    ts: str | None = None
    payload: Mapping[str, str] = field(default_factory=dict)


class Chat(Protocol):
    """What alerts need of a chat. Every call may raise one of leadops.clients.slack_errors."""

    @property
    def can_edit(self) -> bool:
        """Whether messages can be edited, looked up and answered in a thread."""

    @property
    def channel(self) -> str | None:
        """The channel into which it posts; None where only Slack knows it."""

    def post(
        self, *, text: str, blocks: Blocks, payload: Mapping[str, str], thread: Posted | None = None
    ) -> Posted:
        """Post a message that carries `payload`, in the thread of `thread` where given."""

    def update(
        self, posted: Posted, *, text: str, blocks: Blocks, payload: Mapping[str, str] | None = None
    ) -> None:
        """Let a message show something else; without a `payload` it keeps its own."""

    @property
    def files(self) -> ChatFiles | None:
        """The way to bring files; None: it takes none."""

    def find(self, key: str, *, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Return the message whose payload has this `key`, posted after `since`, or None."""

    def list_posted(self, *, since: datetime, thread: Posted | None = None) -> list[Posted]:
        """Return our messages, posted after `since`, the newest first: in the channel, or in `thread`."""


class ApiChat:
    """Slack's Web API in one channel. Time-outs are the client's; it must not retry by itself."""

    can_edit = True

    def __init__(self, client: WebClient, channel: str) -> None:
        client.retry_handlers = []  # a retry after a broken connection would post twice
        self._client = client
        self.channel: str = channel
        self.files: ChatFiles | None = ApiFiles(client, channel)

    def post(
        self, *, text: str, blocks: Blocks, payload: Mapping[str, str], thread: Posted | None = None
    ) -> Posted:
        """Call chat.postMessage."""
        values: dict[str, Any] = {
            "channel": self.channel,
            "text": text,
            "blocks": list(blocks),
            "metadata": _carry(payload),
            "unfurl_links": False,
        }
        if thread and thread.ts:
            values |= {"channel": thread.channel, "thread_ts": thread.ts}
        answer = call_slack(self._client.chat_postMessage, values)
        channel = answer.get("channel")
        return Posted(
            channel if isinstance(channel, str) and channel else self.channel,
            read_field(answer, "ts"),
            payload,
        )

    def update(
        self, posted: Posted, *, text: str, blocks: Blocks, payload: Mapping[str, str] | None = None
    ) -> None:
        """Call chat.update; a call without metadata leaves that of the message as it is."""
        values: dict[str, Any] = {"channel": posted.channel, "ts": posted.ts, "text": text}
        values["blocks"] = list(blocks)
        if payload is not None:
            values["metadata"] = _carry(payload)
        call_slack(self._client.chat_update, values)

    def find(self, key: str, *, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Read conversations.history, or conversations.replies of `thread`, from `since` on."""
        for message, payload in self._list_ours(since, thread):
            if payload.get("key") == key:
                return self._place(message, payload, thread)
        return None

    def list_posted(self, *, since: datetime, thread: Posted | None = None) -> list[Posted]:
        """Read conversations.history, or conversations.replies of `thread`, from `since` on."""
        posted = [self._place(*ours, thread) for ours in self._list_ours(since, thread)]
        return sorted(posted, key=lambda message: message.ts or "", reverse=True)

    def _place(self, message: Any, payload: Mapping[str, str], thread: Posted | None) -> Posted:
        channel = thread.channel if thread and thread.ts else self.channel
        return Posted(channel, read_field(message, "ts"), payload)

    def _list_ours(self, since: datetime, thread: Posted | None) -> Iterator[tuple[Any, dict[str, str]]]:
        for message in self._iterate(since, thread):
            if payload := _read_payload(message):
                yield message, payload

    def _iterate(self, since: datetime, thread: Posted | None) -> Iterator[Any]:
        read: Callable[..., Any] = self._client.conversations_history
        values: dict[str, Any] = {
            "channel": self.channel,
            "oldest": f"{(since - CLOCK_SKEW).timestamp():.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
        }
        if thread and thread.ts:
            read = self._client.conversations_replies
            values |= {"channel": thread.channel, "ts": thread.ts}
        for _ in range(PAGES):
            answer = call_slack(read, values)
            messages = answer.get("messages")
            yield from messages if isinstance(messages, list) else []
            cursor = _find_object(answer, "response_metadata").get("next_cursor")
            if not isinstance(cursor, str) or not cursor:
                break
            values["cursor"] = cursor


def _carry(payload: Mapping[str, str]) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": dict(payload)}


def _read_payload(message: Any) -> dict[str, str]:
    """Return what a message of ours carries; an empty object for one of somebody else."""
    metadata = _find_object(message, "metadata")
    carried = _find_object(metadata, "event_payload") if metadata.get("event_type") == EVENT_TYPE else {}
    return {name: value for name, value in carried.items() if isinstance(value, str)}


def _find_object(value: Any, name: str) -> dict[str, Any]:
    """Return the object `name` in `value`; an empty one where either is something else."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


class WebhookChat:
    """An incoming webhook: posts into its own channel, and nothing else."""

    can_edit = False
    channel: str | None = None
    files: ChatFiles | None = None

    def __init__(self, client: WebhookClient) -> None:
        client.retry_handlers = []
        self._client = client

    def post(
        self,
        *,
        text: str,
        blocks: Blocks,
        payload: Mapping[str, str],
        thread: Posted | None = None,  # noqa: ARG002
    ) -> Posted:
        """Post; Slack answers with the two letters "ok" and nothing that would allow an edit."""
        try:
            answer = self._client.send(text=text, blocks=list(blocks), unfurl_links=False)
        except (OSError, HTTPException, ValueError) as error:
            raise classify_exception(error) from error
        if answer.status_code != 200 or answer.body != "ok":
            raise classify_refusal(answer.status_code, answer.body.strip(), answer.headers)
        return Posted(payload=payload)

    def update(
        self, posted: Posted, *, text: str, blocks: Blocks, payload: Mapping[str, str] | None = None
    ) -> None:
        """Not possible."""
        raise NotImplementedError("a webhook cannot edit; ask can_edit first")

    def find(self, key: str, *, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Not possible."""
        raise NotImplementedError("a webhook cannot read; ask can_edit first")

    def list_posted(self, *, since: datetime, thread: Posted | None = None) -> list[Posted]:
        """Not possible."""
        raise NotImplementedError("a webhook cannot read; ask can_edit first")
