"""Makes a long journal short: score changes that nobody asks about any more become one sum a lead."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from leadops_sandbox.journal import Record
from leadops_sandbox.settings import Behaviour

#: Bytes from which a journal is made short when the sandbox starts.
LONG = 64 * 1024 * 1024

SCORES = ("ma.scores", "ma.score", "ma.settled")


def longest_memory(records: Iterable[Record], behaviour: Behaviour) -> timedelta:
    """Return for how long the MA may have to remember a key or a deltaId, by the settings it ever had."""
    seconds = behaviour.ma_remember_seconds
    for record in records:
        if record["kind"] == "settings":
            seconds = max(seconds, Behaviour(**record["behaviour"]).ma_remember_seconds)
    return timedelta(seconds=seconds)


def compact(records: Iterable[Record], *, before: datetime) -> Iterator[Record]:
    """Yield `records` with the score changes older than `before` as one; everything else stays as it is."""
    scores: dict[int, float] = {}
    counts: Counter[str] = Counter()
    last: str | None = None
    is_summing = True
    for record in records:
        if is_summing and record["kind"] in SCORES:
            if datetime.fromisoformat(record["at"]) < before:
                last = _add(record, scores, counts) or last
                continue
            is_summing = False
            if scores or counts:
                yield _settled(record["at"], scores, counts, last)
        elif is_summing and record["kind"] == "ma.merged":
            scores[record["body"]["into"]] = record["body"]["score_after"]
        elif is_summing:
            for lead, score in list_set_scores(record):
                counts["sum"] += score - scores.get(lead, 0)  # type: ignore[assignment]
                scores[lead] = score
        yield record
    if is_summing and (scores or counts):
        yield _settled(before.isoformat(), scores, counts, last)


def list_set_scores(record: Record) -> list[tuple[int, float]]:
    """Return the scores that a record sets, as products do: each lead with its new score."""
    if record["kind"] == "ma.points":
        return [(record["body"]["id"], record["body"]["score_after"])]
    if record["kind"] == "ma.properties":
        rows = record["body"]["rows"]
        return [(row["id"], row["score"]) for row in rows if row["score"] is not None]
    return []


def _add(record: Record, scores: dict[int, float], counts: Counter[str]) -> str | None:
    """Take a record's effect into the sums; return when it applied anything."""
    body = record["body"]
    if record["kind"] == "ma.settled":
        scores.update((lead, score) for lead, score in body["scores"])
        counts.update(body["counts"])
        return str(body["last_applied_at"]) if body["last_applied_at"] else None
    single = record["kind"] == "ma.score"
    updates = [body] if single else body["updates"]
    results = [record["answer"]] if single else record["answer"]["results"]
    has_applied = False
    for update, result in zip(updates, results, strict=True):
        counts[result["status"]] += 1
        if result["status"] == "applied":
            has_applied = True
            scores[result.get("leadId", update["leadId"])] = result["score"]
            counts["sum"] += update["delta"]
    return str(record["at"]) if has_applied else None


def _settled(at: str, scores: dict[int, float], counts: Counter[str], last: str | None) -> dict[str, Any]:
    body = {"scores": list(scores.items()), "counts": dict(counts), "last_applied_at": last}
    return {"kind": "ma.settled", "at": at, "key": None, "body": body}
