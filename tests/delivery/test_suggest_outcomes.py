import pytest
import requests

from leadops.delivery.dead_letters import accept_dead_letters, list_dead_letters, retry_dead_letters
from leadops.delivery.read_back import AMBIGUOUS
from leadops.delivery.suggest_outcomes import choose_applied, count_choices, suggest_outcomes
from leadops.products.product_client import ProductClient
from tests.delivery_fixture import DeliveryFixture, clock


@pytest.mark.parametrize(
    ("gap", "points", "choices", "places"),
    [
        (15, [10, 5], 1, [0, 1]),
        (0, [10, 5], 1, []),
        (5, [10, 5], 1, [1]),
        (3, [10, 5], 0, None),
        (10, [10, 5, 5], 2, None),  # 10, or 5 and 5
        (20, [10, 5, 5], 1, [0, 1, 2]),
        (5, [5, 5], 2, None),  # the first or the second
        (0, [5, -5], 2, None),  # none, or both
        (-5, [5, -5], 1, [1]),
        (3, [5, -5, 3], 2, None),  # 3, or all
        (8, [5, -5, 3], 1, [0, 2]),
        (0, [], 1, []),
        (1, [], 0, None),
        (1, [1] * 13, 2, None),
        (13, [1] * 13, 1, list(range(13))),
        (0, [1] * 13, 1, []),
        (1 << 9, [1 << place for place in range(12)], 1, [9]),
        (1 << 9, [1 << place for place in range(14)], 2, None),  # 16,384 sums
        (61, [1] * 61, 1, list(range(61))),
        (0, [1] * 61, 1, []),
        (-61, [-1] * 61, 1, list(range(61))),
        (60, [1] * 61, 2, None),
        (59, [1] * 60 + [-1], 2, None),
    ],
)
def test_the_letters_that_make_up_the_score(
    gap: int, points: list[int], choices: int, places: list[int] | None
) -> None:
    assert count_choices(gap, points) == choices
    assert choose_applied(gap, points) == places


def _open_letters(desk: DeliveryFixture, lead: int) -> None:
    """Let all changes of a lead be dead letters of unknown outcome, whatever the MA has."""
    with desk.connect() as connection:
        connection.execute(
            "insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at)"
            " select 'ma', 'delta', seq, lead_id, points, %s, now() from scoring.ledger where lead_id = %s"
            " order by seq",
            [AMBIGUOUS, lead],
        )


def _never_send(desk: DeliveryFixture) -> None:
    """Let the MA never get what is in the ledger and not sent yet."""
    desk.value("update delivery.cursors set ledger_seq = (select max(seq) from scoring.ledger) returning 1")


def test_the_score_says_what_became_of_each_letter_and_all_numbers_agree_afterwards(
    desk: DeliveryFixture,
) -> None:
    arrived, lost, half, changed, either = leads = [desk.add_lead() for _ in range(5)]
    for lead in (arrived, half, changed, either):
        desk.score(lead, 10)
    desk.push()
    for lead in (lost, half, either, either):
        desk.score(lead, 5)
    _never_send(desk)
    ma_id = desk.value("select external_id from delivery.external_ids where lead_id = %s", changed)
    update = {"deltaId": f"hand-{ma_id}", "leadId": int(ma_id), "delta": 3, "reason": "by hand"}
    headers = {"Authorization": "Bearer sandbox-ma-token"}
    requests.post(
        f"{desk.ma_url}/api/lead/score", json=update, headers=headers, timeout=60
    ).raise_for_status()
    for lead in leads:
        _open_letters(desk, lead)

    client = ProductClient(desk.endpoint)
    with desk.connect() as connection:
        suggestions = suggest_outcomes(connection, client, list_dead_letters(connection))
        assert [
            (each.letter.lead_id, each.letter.points, each.outcome.value, each.ma, each.settled)
            for each in suggestions
        ] == [
            (arrived, 10, "applied", 10, 0),
            (lost, 5, "not applied", 0, 0),
            (half, 10, "applied", 10, 0),
            (half, 5, "not applied", 10, 0),
            (changed, 10, "unclear", 13, 0),
            (either, 10, "unclear", 10, 0),
            (either, 5, "unclear", 10, 0),
            (either, 5, "unclear", 10, 0),
        ]
        assert {each.why for each in suggestions if each.letter.lead_id == either} == {
            "the score fits several choices of these letters"
        }
        by_outcome = {
            outcome: [each.letter for each in suggestions if each.outcome.value == outcome]
            for outcome in ("applied", "not applied")
        }
        accept_dead_letters(connection, by_outcome["applied"], now=clock())
        retry_dead_letters(connection, by_outcome["not applied"], now=clock())
    client.transport.close()
    desk.push()
    assert [desk.ma_score(lead) for lead in leads] == [10, 5, 15, 13, 10]
    assert [each.lead_id for each in desk.audit().differences] == [changed, either]


def test_an_open_call_on_the_lead_makes_its_letters_unclear(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.score(lead, 10)
    desk.push()
    _open_letters(desk, lead)
    desk.score(lead, 5)
    desk.timeout = 0.2
    desk.fault("timeout_before", path="/api/lead/*", seconds=1)
    desk.push(seconds=0.5)
    desk.heal()
    desk.timeout = 5.0
    client = ProductClient(desk.endpoint)
    with desk.connect() as connection:
        [suggestion] = suggest_outcomes(connection, client, list_dead_letters(connection))
    client.transport.close()
    assert (suggestion.outcome.value, suggestion.why) == ("unclear", "another call on the lead is open")
