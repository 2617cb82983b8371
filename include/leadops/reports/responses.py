"""How long MQLs waited for sales, as columns: what the report and the page are drawn from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

#: What the minutes say of an MQL without an answer: it went on or ended without one, or it still waits.
ENDED, WAITING = np.inf, np.nan

Dimension = Literal["rep", "campaign", "hour"]


#: An MQL as `pack_responses` packs it: minutes of working time until it was taken and contacted, or ENDED or
#: WAITING, and its hour in the company's zone.
PACKED = np.dtype([("minutes", ">f8"), ("hour", ">i2")])


@dataclass(frozen=True)
class ResponsePack:
    """The MQLs of a salesperson and a campaign, packed as PACKED says."""

    rep: str | None  # id, or name if reports.yaml allows it; None: nobody
    campaign: str | None
    mqls: int
    answers: bytes


@dataclass(frozen=True)
class Names:
    """A column of names: `codes` are places in `names`; None among them is what has no name."""

    names: Sequence[str | None]
    codes: NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Responses:
    """MQLs in the order of their minutes: those answered, then those that ended, then those that wait."""

    minutes: NDArray[np.float64]
    columns: dict[Dimension, Names]

    @property
    def mqls(self) -> int:
        """Answered or not."""
        return len(self.minutes)


def unpack_responses(packs: Iterable[ResponsePack]) -> Responses:
    """Return the MQLs of all packs."""
    packs = list(packs)
    counts = [pack.mqls for pack in packs]
    answers = np.frombuffer(b"".join(pack.answers for pack in packs), dtype=PACKED)
    minutes = answers["minutes"].astype(np.float64)
    order = np.argsort(minutes)
    return Responses(
        minutes=minutes[order],
        columns={
            "rep": _name([pack.rep for pack in packs], counts, order),
            "campaign": _name([pack.campaign for pack in packs], counts, order),
            "hour": Names([str(hour) for hour in range(24)], answers["hour"].astype(np.uint8)[order]),
        },
    )


def _name(names: Sequence[str | None], counts: Sequence[int], order: NDArray[np.intp]) -> Names:
    known = {name: code for code, name in enumerate(dict.fromkeys(names))}
    codes = np.array([known[name] for name in names], dtype=np.min_scalar_type(len(known)))
    return Names(list(known), np.repeat(codes, counts)[order])
