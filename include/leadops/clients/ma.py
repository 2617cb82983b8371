"""The marketing-automation tool (MA): scores, leads. Bodies come ready-made from the outbox."""

from collections.abc import Iterator
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError, read_page
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence, read_moved
from leadops.clients.transport import Answered, Outcome, Refused, Transport, expect
from leadops.settings import Endpoint

#: The MA takes at most this many updates in one bulk call.
BULK_LIMIT = 1000
PAGE = 1000


def find_absence(outcome: Outcome, ma_id: str, *, is_lead_certain: bool = False) -> LeadAbsence | None:
    """Return what the outcome of a call about the one lead `ma_id` says of its absence, if anything.

    With `is_lead_certain` the base URL and the route are known to be right, because the list of leads was
    read: then a 404 or 410 without a word says that there is no such lead.
    """
    if isinstance(outcome, Answered):
        return read_moved(ma_id, outcome.body)
    if not isinstance(outcome, Refused):
        return None
    if outcome.absence is None and is_lead_certain and outcome.status in (404, 410):
        return LeadAbsence(AbsenceWord.NOT_FOUND)
    return outcome.absence


class MaClient:
    """The MA's HTTP contract, one method a route; not thread-safe."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.transport = Transport(endpoint)

    def update_scores(self, body: bytes, *, key: str) -> Outcome:
        """POST up to 1,000 deltas: {"updates": [{"deltaId", "leadId", "delta", "reason"}]}."""
        return self.transport.send("POST", "/api/bulk/update_scores", body=body, key=key)

    def update_score(self, body: bytes, *, key: str) -> Outcome:
        """POST one delta: {"leadId", "delta", "reason", "deltaId"}."""
        return self.transport.send("POST", "/api/lead/score", body=body, key=key)

    def get_lead(self, ma_id: str) -> Outcome:
        """GET one lead: {"id", "email", "score", "fields"}."""
        return self.transport.send("GET", f"/api/leads/{ma_id}")

    def iterate_leads(self) -> Iterator[Any]:
        """Yield every lead of the MA, page by page. Only the pages are checked; a lead may be anything.

        Raises TransientError or PermanentError when a page cannot be had.
        """
        cursor: str | None = None
        while True:
            outcome = self.transport.send("GET", "/api/leads", after=cursor or "", limit=PAGE)
            items, next_cursor = read_page(expect(outcome, "MA leads"), "MA leads")
            yield from items
            if next_cursor is None:
                return
            if next_cursor == cursor:
                raise AnswerShapeError("MA leads: the page's cursor leads to no other page")
            cursor = next_cursor
