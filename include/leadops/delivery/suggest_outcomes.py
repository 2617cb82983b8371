"""Suggests what became of dead letters of unknown outcome, by the score that the MA has now."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.transport import expect
from leadops.db import Connection
from leadops.delivery.dead_letters import DeadLetter
from leadops.delivery.external_ids import find_external_id
from leadops.delivery.read_back import AMBIGUOUS, SettledPoints, sum_settled
from leadops.products.product_client import ProductClient

#: With more letters or sums of letters than these, the count would take too long.
MAX_LETTERS, MAX_SUMS = 60, 10_000


class LetterOutcome(StrEnum):
    """What became of a dead letter, as far as the score says."""

    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Suggestion:
    """What probably became of a dead letter, and the numbers (points) that say so.

    `ma` is the lead's score in the MA now (None: none that is readable), `settled` the points that the MA
    surely has.
    """

    letter: DeadLetter
    outcome: LetterOutcome
    ma: int | None
    settled: int
    why: str = ""


def suggest_outcomes(
    connection: Connection, client: ProductClient, letters: Sequence[DeadLetter]
) -> list[Suggestion]:
    """Return a suggestion for each of `letters` that is a score change of unknown outcome, in the MA.

    Give all such letters of a lead: only together they make up its score. Raises TransientError or
    PermanentError when the MA cannot be read.
    """
    by_lead: dict[int | None, list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        if (letter.target, letter.kind, letter.reason) == ("ma", "delta", AMBIGUOUS):
            by_lead[letter.lead_id].append(letter)
    return [
        suggestion
        for lead_id, of_lead in by_lead.items()
        for suggestion in _suggest_for_lead(connection, client, lead_id, of_lead)
    ]


def choose_applied(gap: int, points: Sequence[int]) -> list[int] | None:
    """Return the places of those of `points` that make `gap`; None where none or several choices do.

    Two letters of equal points are two choices: sent again, the one that took effect would be a duplicate.
    """
    if count_choices(gap, points) != 1:
        return None
    if gap in (0, sum(points)):
        return list(range(len(points))) if gap else []
    places = []
    for place, value in enumerate(points):
        if count_choices(gap - value, points[place + 1 :]):
            places.append(place)
            gap -= value
    return places


def count_choices(gap: int, points: Sequence[int]) -> int:
    """Return in how many ways some of `points` make `gap`: 0, 1, or 2 for two and more.

    All or none of changes in one direction is always one way. Too many others count as 2.
    """
    is_one_way = all(value > 0 for value in points) or all(value < 0 for value in points)
    if is_one_way and gap in (0, sum(points)):
        return 1
    if len(points) > MAX_LETTERS:
        return 2
    ways = {0: 1}
    for value in points:
        longer = dict(ways)
        for total, count in ways.items():
            longer[total + value] = min(longer.get(total + value, 0) + count, 2)
        if len(longer) > MAX_SUMS:
            return 2
        ways = longer
    return ways.get(gap, 0)


def _suggest_for_lead(
    connection: Connection, client: ProductClient, lead_id: int | None, letters: list[DeadLetter]
) -> list[Suggestion]:
    ma_id = find_external_id(connection, target="ma", lead_id=lead_id)
    before = _read_settled(connection, ma_id)
    score = _read_ma_score(client, ma_id)
    settled = _read_settled(connection, ma_id)
    points = [letter.points or 0 for letter in letters]

    def unclear(why: str) -> list[Suggestion]:
        return [Suggestion(letter, LetterOutcome.UNCLEAR, score, settled.points, why) for letter in letters]

    if score is None:
        return unclear("the MA has no score of this lead")
    if before != settled or Counter(settled.others) != Counter(points):
        return unclear("another call on the lead is open")
    gap = score - settled.points
    applied = choose_applied(gap, points)
    if applied is None:
        return unclear(
            "the score fits several choices of these letters"
            if count_choices(gap, points)
            else "the score fits no choice of these letters: somebody changed it"
        )
    return [
        Suggestion(
            letter,
            LetterOutcome.APPLIED if place in applied else LetterOutcome.NOT_APPLIED,
            score,
            settled.points,
        )
        for place, letter in enumerate(letters)
    ]


def _read_settled(connection: Connection, ma_id: str | None) -> SettledPoints:
    nothing = SettledPoints("", 0, [])
    return sum_settled(connection, [ma_id], target="ma").get(ma_id, nothing) if ma_id else nothing


def _read_ma_score(client: ProductClient, ma_id: str | None) -> int | None:
    if ma_id is None:
        return None
    answer = client.read_lead(ma_id)
    if answer.is_misshapen:
        raise AnswerShapeError("MA lead: the answer is not an object")
    if answer.failure is not None and not answer.is_refused:
        expect(answer.failure, "MA lead")
    return None if answer.absence is not None else answer.score
