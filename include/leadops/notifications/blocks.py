"""The shape of every message: a heading, labelled lines, small print (Slack's Block Kit)."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

EMOJI = {"critical": ":rotating_light:", "warning": ":warning:", "resolved": ":white_check_mark:"}
#: Characters; Slack takes 3,000 in a section, and 2,000 and more in a context.
LONGEST = 1900


@dataclass(frozen=True)
class SlackMessage:
    """A message: `text` is what notifications show, `blocks` is what the channel shows."""

    text: str
    blocks: tuple[dict[str, Any], ...]

    @property
    def hash(self) -> str:
        """A short hash of everything it shows."""
        shown = json.dumps([self.text, self.blocks], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


def compose(
    *, tone: str, heading: str, lines: Iterable[tuple[str, str]], small_print: Iterable[str]
) -> SlackMessage:
    """Return a message with the emoji of `tone`; labelled lines without a text are left out."""
    body = "\n".join(f"*{label}* {text}" if label else text for label, text in lines if text)
    footer = "  ·  ".join(part for part in small_print if part)
    blocks = [_section(f"{EMOJI[tone]} *{heading}*")]
    if body:
        blocks.append(_section(body))
    if footer:
        blocks.append({"type": "context", "elements": [_text(footer)]})
    return SlackMessage(heading[:LONGEST], tuple(blocks))


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    """Return a text object; `verbatim`, so that Slack makes no link of an address or a #name in it."""
    return {"type": "mrkdwn", "text": text[:LONGEST], "verbatim": True}


def compose_text(text: str) -> SlackMessage:
    """Return a message of one section (mrkdwn)."""
    return SlackMessage(text, (_section(text),))


def compose_sections(text: str, sections: Iterable[str]) -> SlackMessage:
    """Return a message of several sections (mrkdwn), of which notifications show `text`."""
    return SlackMessage(text, tuple(map(_section, sections)))
