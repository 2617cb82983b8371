"""What a person does about dead letters of unknown outcome."""

from leadops.delivery.dead_letters import accept_dead_letters, list_dead_letters, retry_dead_letters
from leadops.delivery.suggest_outcomes import LetterOutcome, suggest_outcomes
from leadops.products.product_client import ProductClient
from tests.delivery_fixture import DeliveryFixture


def resolve_letters(delivery: DeliveryFixture) -> None:
    """Do what a person does after `leadops dead-letters suggest`."""
    client = ProductClient(delivery.endpoint)
    with delivery.connect() as connection:
        suggestions = suggest_outcomes(connection, client, list_dead_letters(connection))
        by_outcome = {
            outcome: [each.letter for each in suggestions if each.outcome is outcome]
            for outcome in LetterOutcome
        }
        assert not by_outcome[LetterOutcome.UNCLEAR]
        accept_dead_letters(connection, by_outcome[LetterOutcome.APPLIED], now=delivery.clock())
        retry_dead_letters(connection, by_outcome[LetterOutcome.NOT_APPLIED], now=delivery.clock())
    client.transport.close()
