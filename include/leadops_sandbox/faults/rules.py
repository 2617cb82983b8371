"""Which call meets which fault: rules by target, method and path, for a count or with a probability."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal[
    "latency",
    "429",
    "500",
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "half_answer",
    "rejected_rows",
    "duplicate_rows",
    "late_commit",
    "equal_stamps",
]


class FaultRule(BaseModel):
    """One fault as `POST /_faults` takes it. Without `count` it holds until it is cleared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: ma, crm, slack, pagerduty, the name of the product that is served, or * for all of them.
    target: str = "*"
    method: str = "*"
    path: str = "*"  # a shell pattern: /api/bulk/*
    #: One of `Kind`, or one of the product's own.
    kind: str
    #: How many calls meet it before it is used up.
    count: int | None = Field(default=None, ge=1)
    #: The share of matching calls that meet it, drawn from `seed`.
    probability: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    #: latency: how long; timeout_*: after how long the connection is dropped at last.
    seconds: float = Field(default=0.0, ge=0, le=3_600)
    #: 429: what Retry-After says, in seconds.
    retry_after: int = Field(default=1, ge=0)
    #: rejected_rows, duplicate_rows: the share of rows that is hit.
    share: float = Field(default=0.1, gt=0, le=1)
    #: Faults of a product's rows: the ids of the rows that are hit; none named: `share` of them.
    rows: tuple[str, ...] = ()

    def matches(self, *, target: str, method: str, path: str) -> bool:
        """Return whether a call is one that this rule speaks of."""
        return (
            self.target in ("*", target)
            and self.method.upper() in ("*", method)
            and fnmatchcase(path, self.path)
        )


@dataclass(slots=True)
class ActiveFault:
    """A rule in force, with its own dice and what is left of its count."""

    id: int
    rule: FaultRule
    dice: Random
    met: int = 0

    @property
    def used_up(self) -> bool:
        """Whether its count is reached."""
        return self.rule.count is not None and self.met >= self.rule.count

    def refuses_row(self) -> bool:
        """Return whether the next row is hit: rejected, or called a duplicate."""
        return self.dice.random() < self.rule.share


@dataclass(slots=True)
class Faults:
    """The faults in force, oldest first; they are not kept over a restart."""

    active: list[ActiveFault] = field(default_factory=list)
    #: The kinds of each product's own faults, by the product's name.
    own_kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _last_id: int = 0

    def add(self, rule: FaultRule) -> ActiveFault:
        """Put `rule` in force."""
        self._last_id += 1
        fault = ActiveFault(self._last_id, rule, Random(rule.seed))
        self.active.append(fault)
        return fault

    def explain_unknown(self, rule: FaultRule) -> str | None:
        """Return why no call can meet `rule`; None when its target and its kind are known."""
        targets = ["ma", "crm", "slack", "pagerduty", "*", *self.own_kinds]
        if rule.target not in targets:
            return f"target: must be one of {', '.join(targets)}"
        kinds = {*get_args(Kind), *self.own_kinds.get(rule.target, ())}
        if rule.kind not in kinds:
            return f"kind: must be one of {', '.join(sorted(kinds))}"
        return None

    def draw(self, *, target: str, method: str, path: str) -> list[ActiveFault]:
        """Return the faults that this call meets: any number of latencies, then at most one other."""
        met: list[ActiveFault] = []
        for fault in self.active:
            rule = fault.rule
            if fault.used_up or not rule.matches(target=target, method=method, path=path):
                continue
            if rule.kind != "latency" and met and met[-1].rule.kind != "latency":
                continue
            if rule.probability >= 1 or fault.dice.random() < rule.probability:
                fault.met += 1
                position = sum(f.rule.kind == "latency" for f in met) if rule.kind == "latency" else len(met)
                met.insert(position, fault)
        return met
