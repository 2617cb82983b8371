"""Why an item was refused: a reason for machines and a sentence for the sender."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EventRefusal:
    """`reason` is one of the words in docs/events.md; `detail` says what to change and repeats no value."""

    reason: str
    detail: str


@dataclass(frozen=True)
class RefusedItem:
    """An item of which it is known before it is validated that it is refused: as it came, and why."""

    item: object
    refusal: EventRefusal


def show_path(path: tuple[str | int, ...]) -> str:
    """Return `path` as properties.items[3].name, in plain ASCII and at most 80 characters."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    shown = steps.encode("ascii", "backslashreplace").decode("ascii").replace("\0", "\\x00")
    return shown if len(shown) <= 80 else shown[:77] + "..."
