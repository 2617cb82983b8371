"""Forgets what the model predicts of somebody erased; that they were counted stays."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries

queries = Queries(__file__, topic="points")


def erase_predictions(connection: Connection, person: ErasedPerson) -> None:
    """Delete the predictions for the leads."""
    queries.run(connection, "forget_person", lead_ids=person.lead_ids)
