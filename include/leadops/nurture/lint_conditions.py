"""Which conditions of a programme nothing can fit, and where its depths overlap or leave gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.nurture.nurture_settings import NurtureStep
from leadops.queries import Queries
from leadops.scoring.conditions import RuleCondition
from leadops.scoring.event_condition import EventCondition

queries = Queries(__file__, topic="lint_programmes")

#: An event without a value at the address.
MISSING = object()


class ConditionMatch(NamedTuple):
    """A condition and an example that fits it, each by its place."""

    condition: int
    example: int


@dataclass(frozen=True)
class ExampleValue:
    """A value to try, and how a message names it and the values like it."""

    value: Any
    name: str


def find_contradictions(
    connection: Connection, conditions: Sequence[EventCondition], *, locales: Sequence[str]
) -> dict[int, list[str]]:
    """Return the addresses at which no value fits, by the place of the condition; PostgreSQL decides.

    Values of one element are tried: a list may fit where a value does not, as one element is enough for each
    operator.
    """
    single = [
        (place, address, EventCondition(event=condition.event, when={address: part}))
        for place, condition in enumerate(conditions)
        for address, part in condition.when.items()
    ]
    found: dict[int, list[str]] = {}
    for place, address, condition in single:
        examples = list_examples([condition.when[address]])
        if not any(_match(connection, [condition], address, examples, locales)[0]):
            found.setdefault(place, []).append(address)
    return found


def describe_depths(
    connection: Connection, step: NurtureStep, *, event: str, locales: Sequence[str]
) -> list[tuple[bool, str]]:
    """Return what is odd about the depths of a step: whether a message is never sent by it, and the sentence.

    Only depths that all look at one address of one event can be compared. The last one that fits counts.
    """
    conditions = [depth.condition(depth.event or event) for depth in step.depth]
    addresses = {address for condition in conditions for address in condition.when}
    events = {condition.event for condition in conditions}
    if len(addresses) != 1 or len(events) != 1 or not all(condition.when for condition in conditions):
        return []
    address = addresses.pop()
    examples = [
        example
        for example in list_examples([condition.when[address] for condition in conditions])
        if example.value is not MISSING
    ]
    fits = _match(connection, conditions, address, examples, locales)
    names = [depth.name for depth in step.depth]
    return [
        *_describe_hidden(names, fits),
        *_describe_overlaps(names, fits, examples, address),
        *_describe_gaps(fits, examples, address, has_own=step.message is not None),
    ]


def list_examples(conditions: Iterable[RuleCondition]) -> list[ExampleValue]:
    """Return values that tell conditions apart: the numbers and texts that they name, and those between."""
    numbers: set[float] = set()
    others: list[ExampleValue] = [ExampleValue(MISSING, "no value"), ExampleValue("\u2060", "any other text")]
    for condition in conditions:
        scalars = [*([] if condition.equals is None else [condition.equals]), *(condition.in_ or [])]
        limits = (condition.at_least, condition.at_most, condition.above, condition.below)
        numbers.update(number for number in limits if number is not None)
        for scalar in scalars:
            if isinstance(scalar, str | bool):
                others.append(ExampleValue(scalar, repr(scalar)))
            else:
                numbers.add(scalar)
        begins, holds = _listed(condition.starts_with), _listed(condition.contains)
        for text in [*(f"{begin}{hold}" for begin in begins or [""] for hold in holds or [""]), *begins]:
            if text:
                others.append(ExampleValue(text, repr(text)))
        for page in condition.page_patterns():
            path = "/" + "/".join(page.segments)
            others.append(ExampleValue(path, path))
    return [*_list_numbers(sorted(numbers)), *others]


def _list_numbers(limits: list[float]) -> list[ExampleValue]:
    if not limits:
        return []
    examples = [ExampleValue(limits[0] - 1, f"below {limits[0]:g}")]
    for limit, following in zip(limits, [*limits[1:], None], strict=True):
        examples.append(ExampleValue(limit, f"{limit:g}"))
        if following is not None:
            examples.append(ExampleValue((limit + following) / 2, f"between {limit:g} and {following:g}"))
    return [*examples, ExampleValue(limits[-1] + 1, f"above {limits[-1]:g}")]


def _match(
    connection: Connection,
    conditions: Sequence[EventCondition],
    address: str,
    examples: Sequence[ExampleValue],
    locales: Sequence[str],
) -> list[list[bool]]:
    """Return for each condition which of the examples at `address` fit it."""
    matches = queries.all(
        connection,
        "match_examples",
        ConditionMatch,
        conditions=Jsonb(
            [
                {"place": place, "condition": condition.predicate(locales)}
                for place, condition in enumerate(conditions)
            ]
        ),
        examples=Jsonb(
            [
                {"place": place, "payload": _make_payload(address, example.value)}
                for place, example in enumerate(examples)
            ]
        ),
    )
    fits = [[False] * len(examples) for _ in conditions]
    for match in matches:
        fits[match.condition][match.example] = True
    return fits


def _make_payload(address: str, value: Any) -> dict[str, Any]:
    payload: dict[str, Any] = {"properties": {}, "context": {}}
    if value is not MISSING:
        *steps, last = address.split(".")
        place = payload
        for step in steps:
            place = place.setdefault(step, {})
        place[last] = value
    return payload


def _describe_hidden(names: list[str], fits: list[list[bool]]) -> list[tuple[bool, str]]:
    found = []
    for place, own in enumerate(fits):
        later = [any(column) for column in zip(*fits[place + 1 :], strict=True)] or [False] * len(own)
        if any(own) and all(hidden for fit, hidden in zip(own, later, strict=True) if fit):
            hiding = ", ".join(
                name
                for name, other in zip(names[place + 1 :], fits[place + 1 :], strict=True)
                if any(fit and also for fit, also in zip(own, other, strict=True))
            )
            found.append(
                (True, f"whatever fits depth {names[place]} also fits {hiding} below it, which counts")
            )
    return found


def _describe_overlaps(
    names: list[str], fits: list[list[bool]], examples: Sequence[ExampleValue], address: str
) -> list[tuple[bool, str]]:
    found = []
    for place, example in enumerate(examples):
        fitting = [name for name, own in zip(names, fits, strict=True) if own[place]]
        if len(fitting) > 1:
            text = f"{address} {example.name} fits depths {' and '.join(fitting)}; {fitting[-1]} counts"
            found.append((False, text))
    return found


def _describe_gaps(
    fits: list[list[bool]], examples: Sequence[ExampleValue], address: str, *, has_own: bool
) -> list[tuple[bool, str]]:
    """Return the numbers that fit no depth; where the step has a message of its own, those between depths."""
    gets = "who has it gets the step's own message" if has_own else "who has it gets nothing"
    numbers = [
        (example.name, any(own[place] for own in fits))
        for place, example in enumerate(examples)
        if isinstance(example.value, int | float) and not isinstance(example.value, bool)
    ]
    if has_own:
        fitting = [place for place, (_, fit) in enumerate(numbers) if fit]
        numbers = numbers[fitting[0] : fitting[-1]] if fitting else []
    return [(False, f"{address} {name} fits no depth: {gets}") for name, fit in numbers if not fit]


def _listed(texts: str | list[str] | None) -> list[str]:
    return [] if texts is None else [texts] if isinstance(texts, str) else texts
