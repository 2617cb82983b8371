"""What channels and campaigns are called in the tables."""

from collections.abc import Iterable, Mapping

from leadops.normalization.dimension_keys import make_dimension_key

ALL, NONE, OTHER, UNNAMED = "(all)", "(none)", "(other)", "(unnamed)"


def choose_name(sent: Iterable[str], names: Mapping[str, str], *, fold_case: bool) -> str | None:
    """Return the key of the first of `sent` that names something, by its current name; None: none does.

    `names` maps keys to current keys. With `fold_case` names that differ only in case are one.
    """
    keys = (make_dimension_key(name, fold_case=fold_case) for name in sent)
    name = next((key for key in keys if key is not None), None)
    name = names.get(name, name) if name else None
    # What a sender writes must not look like what only we may say.
    return UNNAMED if name in (ALL, NONE, OTHER, UNNAMED) else name


def key_names(names: Mapping[str, str], *, fold_case: bool) -> dict[str, str]:
    """Return `names` (sent: shown) as keys; a name that names nothing is left out."""
    pairs = [[make_dimension_key(name, fold_case=fold_case) for name in pair] for pair in names.items()]
    return {sent: shown for sent, shown in pairs if sent and shown}


def keep_top(counts: Mapping[str, int], most: int) -> dict[str, str]:
    """Return for each name itself, or (other) where it is not among the `most` with the highest counts."""
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    return {name: name if place < most else OTHER for place, name in enumerate(ranked)}
