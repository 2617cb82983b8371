"""Bootstrap samples of accounts: which accounts each holds, how often, and sums over them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.attribution.journeys import Ints

#: More accounts than this are thrown into this many groups, and groups are drawn: the variance of a sum over
#: groups of independent accounts is that of the sum over the accounts, and the cost no longer grows.
MOST_GROUPS = 4096


@dataclass(frozen=True)
class Samples:
    """The group of each journey, how often each sample (row) holds each group, the interval's level."""

    group: Ints
    weights: NDArray[np.float64]
    level: float


def sum_by_group(group: Ints, column: Ints, parts: NDArray[Any], *, shape: tuple[int, int]) -> Any:
    """Return `parts` summed by `group` and `column`, a sparse matrix of `shape` (groups, columns)."""
    from scipy.sparse import csr_array

    summed = csr_array((parts.astype(np.float64), (group, column)), shape=shape)
    summed.sum_duplicates()
    return summed


def group_accounts(accounts: Ints) -> tuple[Ints, int]:
    """Return the group of each of `accounts` (any numbers, repeated at will), and how many groups there are.

    Up to MOST_GROUPS different accounts are a group each; more are dealt out, in the order of a hash of their
    numbers, so that the groups are as good as random and of one size.
    """
    different, groups = np.unique(accounts, return_inverse=True)
    if len(different) <= MOST_GROUPS:
        return groups.astype(np.int64), len(different)
    dealt = np.empty(len(different), dtype=np.int64)
    dealt[np.argsort(_mix(different))] = np.arange(len(different)) % MOST_GROUPS
    return dealt[groups], MOST_GROUPS


def draw_samples(groups: int, *, draws: int, seed: int, day: date) -> NDArray[np.float64]:
    """Return (draws, groups): how often each group is in each sample of `groups` groups with replacement."""
    generator = np.random.default_rng([seed, day.toordinal()])
    picked = generator.integers(0, max(groups, 1), size=(draws, groups))
    places = picked + np.arange(draws)[:, None] * groups
    return np.bincount(places.ravel(), minlength=draws * groups).reshape(draws, groups).astype(np.float64)


def _mix(numbers: Ints) -> NDArray[np.uint64]:
    """Return hashes of `numbers` (SplitMix64's finalizer: Steele, Lea, Flood 2014)."""
    mixed = numbers.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
