"""A file of events goes into the CDP over HTTP; the same file again adds nothing."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from leadops.clients.answer_shapes import AnswerShapeError, read_collected
from leadops.clients.call_outcomes import Answered, Refused, Throttled
from leadops.clients.cdp import CdpClient
from leadops.errors import PermanentError, TransientError
from leadops.events.event_mapping import EventMapping, nest
from leadops.tabular.file_row import BadRowError, FileRow

#: What one call may hold by the CDP's contract, with room for the brackets and commas.
BATCH_EVENTS, BATCH_BYTES = 500, 512 * 1024 - 2048
#: The namespace of ids made from a row's content; any constant.
ROW_NAMESPACE = UUID("5a8ddbb6-54a2-4f0c-9d3c-7d1f2e6c9a10")
#: Seconds: the longest pause between two tries, and how long a silent CDP is waited for.
LONGEST_PAUSE, PATIENCE = 30.0, 300.0


@dataclass
class ReplayCounts:
    """Counts of rows: read, taken as new, known already, held in the CDP's quarantine, not sent at all."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class RowRejection:
    """A row that is not in: why, whole, and whether the CDP's quarantine has it."""

    row: int
    reason: str
    detail: str
    in_quarantine: bool
    values: dict[str, Any]


class Replay:
    """Sends rows in batches, patiently; `reject` gets each row that is not in, `sleep` waits seconds."""

    def __init__(
        self,
        client: CdpClient,
        *,
        mapping: EventMapping | None,
        reject: Callable[[RowRejection], None],
        sleep: Callable[[float], None],
    ) -> None:
        self.counts = ReplayCounts()
        self._client, self._mapping, self._reject_row, self._sleep = client, mapping, reject, sleep
        self._seen: Counter[UUID] = Counter()
        self._batch: list[tuple[FileRow, bytes]] = []
        self._bytes = 0

    def run(self, rows: Iterable[FileRow]) -> ReplayCounts:
        """Send all `rows`; return the counts.

        Without an event_id of its own an event gets one from its row's content and how many equal rows came
        before, so the ids are the same each time. Raises TransientError where the CDP stays silent for five
        minutes and PermanentError where it does not take us at all; run again then: what is in stays in.
        """
        for row in rows:
            self.counts.rows += 1
            try:
                event = self._make_event(row)
            except BadRowError as error:
                self._reject(row, "bad_row", str(error))
                continue
            body = json.dumps(event, separators=(",", ":")).encode("ascii")
            if len(self._batch) == BATCH_EVENTS or self._bytes + len(body) > BATCH_BYTES:
                self._flush()
            self._batch.append((row, body))
            self._bytes += len(body) + 1
        self._flush()
        return self.counts

    def _make_event(self, row: FileRow) -> dict[str, Any]:
        if row.fault:
            raise BadRowError(row.fault)
        event = self._mapping.make_event(row.values) if self._mapping else nest(row.values)
        if "event_id" not in event:
            content = uuid5(ROW_NAMESPACE, json.dumps(row.values, sort_keys=True))
            event["event_id"] = str(uuid5(content, str(self._seen[content])))
            self._seen[content] += 1
        return event

    def _flush(self) -> None:
        batch, self._batch, self._bytes = self._batch, [], 0
        if batch:
            self._send(batch)

    def _send(self, batch: list[tuple[FileRow, bytes]]) -> None:
        answer = self._post(b"[" + b",".join(body for _, body in batch) + b"]")
        if isinstance(answer, Refused):
            if not answer.is_splittable:
                raise PermanentError(f"the CDP does not take events: {answer.reason}")
            if len(batch) == 1:
                self._reject(batch[0][0], f"http_{answer.status}", answer.reason)
                return
            middle = len(batch) // 2
            self._send(batch[:middle])
            self._send(batch[middle:])
            return
        try:
            collected = read_collected(answer.body, len(batch))
        except AnswerShapeError as error:
            raise PermanentError(
                "the CDP's answer does not say what became of the events; see docs/events.md"
            ) from error
        self.counts.accepted += collected.accepted
        self.counts.duplicates += collected.duplicates
        for index, refusal in collected.refused.items():
            reason, detail = str(refusal.get("reason")), str(refusal.get("detail"))
            self._reject(batch[index][0], reason, detail, in_quarantine=True)

    def _post(self, body: bytes) -> Answered | Refused:
        pause, waited = 1.0, 0.0
        while True:
            outcome = self._client.collect(body)
            if isinstance(outcome, Answered | Refused):
                return outcome
            if isinstance(outcome, Throttled):
                self._sleep(max(outcome.retry_after, pause))
                continue
            if waited >= PATIENCE:
                raise TransientError(
                    f"the CDP is silent ({outcome.reason}); run the same command again later,"
                    " what is in stays in"
                )
            self._sleep(pause)
            waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE)

    def _reject(self, row: FileRow, reason: str, detail: str, *, in_quarantine: bool = False) -> None:
        if in_quarantine:
            self.counts.quarantined += 1
        else:
            self.counts.rejected += 1
        self._reject_row(RowRejection(row.number, reason, detail, in_quarantine, row.values))
