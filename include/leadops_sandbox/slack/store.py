"""What Slack remembers: messages by channel, their edits, and uploaded files."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from leadops_sandbox.journal import Record

#: The channel that the incoming webhook posts to.
WEBHOOK_CHANNEL = "webhook"
#: The user that the bot token belongs to.
USER = "U0LEADOPS1"
#: What of a message may be given by the sender.
CONTENT = ("text", "blocks", "attachments", "metadata", "username", "icon_emoji")
#: What a message shows besides.
SHOWN = (*CONTENT, "files")


def is_channel_id(text: object) -> bool:
    """Return whether `text` is written like a channel's id; every channel with such an id exists here."""
    return isinstance(text, str) and re.fullmatch(r"[CDG][A-Z0-9]{8,}", text) is not None


def channel_id(name: str) -> str:
    """Return the id of the channel `name` ("#sales" and "sales" are one); an id stays as it is."""
    bare = name.removeprefix("#")
    if is_channel_id(name):
        return name
    return "C" + sha256(bare.encode()).hexdigest()[:10].upper()


@dataclass(slots=True)
class Message:
    """One message as it reads now, with what it said before its edits."""

    ts: str
    body: dict[str, Any]
    thread_ts: str | None = None
    before: list[dict[str, Any]] = field(default_factory=list)
    edited_ts: str | None = None


@dataclass(slots=True)
class SlackStore:
    """Slack's state; only `apply` changes it."""

    names: dict[str, str] = field(default_factory=dict)
    channels: dict[str, dict[str, Message]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    posted: int = 0
    edits: int = 0
    _last: int = 0

    def next_ts(self, now: datetime) -> str:
        """Return a ts (seconds.microseconds) that no message has, and that is after every other one."""
        micros = max(int(now.timestamp() * 1_000_000), self._last + 1)
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def find(self, channel: str, ts: str | None) -> Message | None:
        """Return the message `ts` of the channel with that id, or None."""
        return self.channels.get(channel, {}).get(ts or "")

    def apply(self, record: Record) -> None:
        """Take over what `record` says happened."""
        match record["kind"]:
            case "slack.post":
                channel = channel_id(record["channel"])
                self.names.setdefault(channel, record["channel"].removeprefix("#"))
                message = Message(record["ts"], record["body"], record.get("thread_ts"))
                self.channels.setdefault(channel, {})[message.ts] = message
                self._last = int(message.ts.replace(".", ""))
                self.posted += 1
            case "slack.update":
                changed = self.channels[record["channel"]][record["ts"]]
                changed.before.append(changed.body | {"until": record["at"]})
                changed.body = changed.body | record["body"]
                changed.edited_ts = f"{datetime.fromisoformat(record['at']).timestamp():.6f}"
                self.edits += 1
            case "slack.file":
                self.files[record["id"]] = {
                    "id": record["id"],
                    "name": record["name"],
                    "size": record["size"],
                }
            case "slack.file_content":
                self.files[record["id"]]["content"] = record["content"]
            case "slack.file_shared":
                self.files[record["id"]]["channel"] = record["channel"]

    def show(self, message: Message) -> dict[str, Any]:
        """Return a message as Slack's API shows it, metadata included."""
        shown: dict[str, Any] = {"type": "message", "user": USER, "bot_id": "B0LEADOPS1", "ts": message.ts}
        shown |= {name: message.body[name] for name in SHOWN if name in message.body}
        if message.thread_ts:
            shown["thread_ts"] = message.thread_ts
        if message.edited_ts:
            shown["edited"] = {"user": USER, "ts": message.edited_ts}
        return shown
