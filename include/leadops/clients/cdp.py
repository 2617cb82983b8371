"""The customer data platform (CDP), our gateway or a customer's own: events in, the lag out."""

from typing import Any

from leadops.clients.answer_shapes import read_number, read_object
from leadops.clients.call_outcomes import Outcome
from leadops.clients.transport import Transport, expect
from leadops.secret_variables import split_secrets
from leadops.settings import Endpoint


class CdpClient:
    """The CDP's HTTP contract, one method a route; not thread-safe."""

    def __init__(self, endpoint: Endpoint, *, write_key: str = "", history: bool = False) -> None:
        """Speak to `endpoint`, whose token opens the metrics; `write_key` lets a server send events.

        Of two tokens, separated by a comma, the first is taken: the gateway's variable may be used as it is.
        `history` says that the events are past ones, which may be old.
        """
        token = next(iter(split_secrets(endpoint.token)), "")
        self.transport = Transport(endpoint.model_copy(update={"token": token}))
        if write_key:
            self.transport.session.headers["X-Write-Key"] = write_key
        if history:
            self.transport.session.headers["X-Leadops-History"] = "true"

    def collect(self, body: bytes) -> Outcome:
        """POST an event or a list of at most 500 (JSON, at most 512 KB).

        The answer's body is {"accepted", "duplicates", "quarantined": [...]}, the last a list of
        {"index", "event_id", "reason", "detail"}.
        """
        return self.transport.send("POST", "/collect", body=body)

    def lag(self) -> dict[str, Any]:
        """GET {"minutes_lag": minutes, "as_of": ISO 8601, …}.

        Raises TransientError if there is no complete answer, PermanentError if the CDP refuses.
        """
        answer = read_object(expect(self.transport.send("GET", "/metrics/lag"), "CDP lag"), "CDP lag")
        read_number(answer, "minutes_lag", "CDP lag")
        return answer

    def close(self) -> None:
        """Close the kept-alive connection."""
        self.transport.close()
