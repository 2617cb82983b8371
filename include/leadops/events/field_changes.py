"""What an event or a form does not say as its sender wrote it, for the answer to the sender."""

from dataclasses import dataclass
from enum import StrEnum

from leadops.events.event_refusal import show_path

#: Changes named for one item; `more` stands for the rest.
MAX_NAMED = 20

Path = tuple[str | int, ...]


class ChangeKind(StrEnum):
    """What was done; docs/events.md explains each word to senders."""

    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    DROPPED = "dropped"
    NOT_CONSENT = "not_consent"
    TO_TEXT = "to_text"
    FROM_LIST = "from_list"
    CLEANED = "cleaned"
    CUT = "cut"
    HASHED = "hashed"
    JSON_TEXT = "json_text"
    REPEATED_KEY = "repeated_key"
    MOVED_TO_PROPERTIES = "moved_to_properties"
    MOVED_TO_CONTEXT = "moved_to_context"
    TO_ASCII = "to_ascii"
    X_TIMESTAMP = "x_timestamp"
    MORE = "more"


@dataclass(frozen=True)
class FieldChange:
    """A change: `path` as properties.items[3].name, `what` a ChangeKind."""

    path: str
    what: str


class FieldChanges:
    """Collects the changes of one item; at most `MAX_NAMED` are named."""

    def __init__(self) -> None:
        self.named: list[FieldChange] = []

    def add(self, path: Path, what: ChangeKind) -> None:
        """Name a change, unless too many are named already."""
        if len(self.named) < MAX_NAMED:
            self.named.append(FieldChange(show_path(path), what.value))
        elif len(self.named) == MAX_NAMED:
            self.named.append(FieldChange("", ChangeKind.MORE.value))
