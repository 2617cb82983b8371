"""Names of events as other systems write them, in the form of our own."""

import re

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN_WORDS = re.compile(r"[^A-Za-z0-9]+")


def fold_name(name: str) -> str:
    """Return `name` in lower case with _: `Order Completed` and `orderCompleted` are order_completed."""
    return _BETWEEN_WORDS.sub("_", _WORD_START.sub("_", name)).strip("_").lower()
