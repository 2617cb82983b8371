"""What channels and campaigns are called in the tables."""

from collections.abc import Mapping

ALL, NONE, OTHER, UNNAMED = "(all)", "(none)", "(other)", "(unnamed)"


def normalise_name(name: str | None, names: Mapping[str, str]) -> str:
    """Return what `name`, as it was sent, is called: by `names` (lower case → new) where it stands there."""
    if not name:
        return UNNAMED
    name = names.get(name.lower(), name)
    # What a sender writes must not look like what only we may say.
    return UNNAMED if name in (ALL, NONE, OTHER, UNNAMED) else name


def keep_top(counts: Mapping[str, int], most: int) -> dict[str, str]:
    """Return for each name itself, or (other) where it is not among the `most` with the highest counts."""
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    return {name: name if place < most else OTHER for place, name in enumerate(ranked)}
