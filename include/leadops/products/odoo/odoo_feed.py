"""The feed of Odoo: messages in the chatter of leads, and activities that are planned for them.

A stamp has whole seconds in an answer and more digits in the database, and is the start of a transaction. So
rows are read by the second, and within one by id.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from leadops.products.feed_cursor import FeedCursor
from leadops.products.feed_streams import StreamPage
from leadops.products.odoo.odoo_calls import OdooCalls, read_link, read_rows
from leadops.products.odoo.odoo_settings import OdooSettings
from leadops.products.reading import Reading

SECOND = timedelta(seconds=1)
EPOCH, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

MESSAGE_FIELDS = [
    *("date", "write_date", "res_id", "message_type", "subtype_id", "mail_activity_type_id", "create_uid"),
]
PLANNED_FIELDS = ["create_date", "write_date", "res_id", "activity_type_id", "user_id", "date_deadline"]

#: Turns the rows of one answer into items, with more calls where they need any.
ShowRows = Callable[[list[dict[str, Any]]], Reading[list[dict[str, Any]]]]


class OdooFeed:
    """Reads the two objects of the feed."""

    def __init__(self, calls: OdooCalls, settings: OdooSettings) -> None:
        self._calls = calls
        self._settings = settings

    def read_messages(self, after: FeedCursor | None, limit: int) -> Reading[StreamPage]:
        """Read the messages in the chatter of leads."""
        base = [["model", "=", "crm.lead"]]
        return (
            yield from self._read("mail.message", base, MESSAGE_FIELDS, after, limit, self._show_messages)
        )

    def read_planned(self, after: FeedCursor | None, limit: int) -> Reading[StreamPage]:
        """Read the activities that are planned for leads; what is done is a message."""
        base = [["res_model", "=", "crm.lead"]]
        return (
            yield from self._read("mail.activity", base, PLANNED_FIELDS, after, limit, self._show_planned)
        )

    def _read(
        self,
        model: str,
        base: list[Any],
        fields: list[str],
        after: FeedCursor | None,
        limit: int,
        show: ShowRows,
    ) -> Reading[StreamPage]:
        """Read the next rows: first the rest of a second of which a part was read, else from a second on."""
        start, row_id = read_place(after)
        if row_id:
            rest = [*base, *_within(start), ["id", ">", row_id]]
            answer = yield self._calls.search(model, rest, fields, order="id", limit=limit)
            rows = read_rows(answer.body, "CRM activities")
            items = yield from show(rows)
            reached = _place(start, rows[-1]["id"]) if len(rows) == limit else _place(start + SECOND)
            # What comes after that second is read with the next page.
            return StreamPage(items, reached, False, answer.server_time)
        asked = [*base, ["write_date", ">=", write_time(start)]]
        answer = yield self._calls.search(model, asked, fields, order="write_date, id", limit=limit)
        rows = read_rows(answer.body, "CRM activities")
        if len(rows) < limit:
            items = yield from show(rows)
            newest = _place(read_time(rows[-1]["write_date"])) if rows else None
            return StreamPage(items, newest, True, answer.server_time)
        last = read_time(rows[-1]["write_date"])
        whole = [row for row in rows if read_time(row["write_date"]) < last]
        if whole:
            items = yield from show(whole)
            return StreamPage(items, _place(last), False, answer.server_time)
        # A page of one second: its rows are read in the order of their ids.
        within = [*base, *_within(last)]
        answer = yield self._calls.search(model, within, fields, order="id", limit=limit)
        rows = read_rows(answer.body, "CRM activities")
        items = yield from show(rows)
        return StreamPage(
            items, _place(last, rows[-1]["id"]) if rows else _place(last + SECOND), False, answer.server_time
        )

    def _show_messages(self, rows: list[dict[str, Any]]) -> Reading[list[dict[str, Any]]]:
        """Return what the messages say; the stages of their leads are asked for where one has changed."""
        changed = sorted({row["res_id"] for row in rows if self._find_meaning(row) == "stage"})
        stages: dict[int, tuple[str, datetime]] = {}
        if changed:
            answer = yield self._calls.search(
                "crm.lead", [["id", "in", changed]], ["stage_id", "date_last_stage_update"], order="id"
            )
            for lead in read_rows(answer.body, "CRM activities"):
                stage = read_link(lead.get("stage_id"))
                if stage and lead.get("date_last_stage_update"):
                    stages[lead["id"]] = stage[1], read_time(lead["date_last_stage_update"])
        items = (self._show_message(row, stages) for row in rows)
        return [item for item in items if item is not None]

    def _show_message(
        self, row: dict[str, Any], stages: dict[int, tuple[str, datetime]]
    ) -> dict[str, Any] | None:
        said = self._read_words(row, stages)
        if said is None or not row.get("res_id"):
            return None
        author = read_link(row.get("create_uid"))
        return {
            "id": f"message:{row['id']}",
            "lead_id": str(row["res_id"]),
            "occurred_at": read_time(row["date"]).isoformat(),
            "rep_id": str(author[0]) if author else None,
            # Odoo moves the messages of a lead that is merged into another, and deletes it.
            "moves_with_lead": True,
            **said,
        }

    def _read_words(
        self, row: dict[str, Any], stages: dict[int, tuple[str, datetime]]
    ) -> dict[str, Any] | None:
        """Return kind and status of a message; None where it says nothing of what salespeople did."""
        if (activity := read_link(row.get("mail_activity_type_id"))) is not None:
            return {"kind": self._settings.kinds.get(activity[1], activity[1])}
        match self._find_meaning(row):
            case "created":
                return {"kind": "note", "rep_id": None}
            case "lost":
                return {"kind": "status", "status": "lost"}
            case "restored":
                return {"kind": "status", "status": "open"}
            case "stage":
                stage, changed_at = stages.get(row["res_id"], ("", LATEST))
                # A message follows its change. After a later one the stage is no longer that of this message;
                # what was read before stays.
                if read_time(row["date"]) + SECOND < changed_at:
                    return None
                return {"kind": "status", "status": self._settings.statuses.get(stage, stage)}
            case "mail":
                return {"kind": "mail"}
            case "note":
                return {"kind": "note"}
        return None

    def _find_meaning(self, row: dict[str, Any]) -> str | None:
        """Return what a message is, by its subtype; notes and mails only where a person wrote them."""
        subtype = read_link(row.get("subtype_id"))
        meaning = None if subtype is None else self._settings.messages.get(subtype[1])
        if meaning in ("mail", "note"):
            return meaning if row.get("message_type") == "comment" else None
        return meaning

    def _show_planned(self, rows: list[dict[str, Any]]) -> Reading[list[dict[str, Any]]]:
        """Return the planned activities; a meeting says when the next one is."""
        yield from ()
        return [item for item in map(self._show_activity, rows) if item is not None]

    def _show_activity(self, row: dict[str, Any]) -> dict[str, Any] | None:
        planned, owner = read_link(row.get("activity_type_id")), read_link(row.get("user_id"))
        if planned is None or not row.get("res_id"):
            return None
        kind = self._settings.kinds.get(planned[1], planned[1])
        details = {"planned": kind, "due": row.get("date_deadline") or None}
        if kind == "meeting" and row.get("date_deadline"):
            details["next_meeting_at"] = row["date_deadline"]
        return {
            "id": f"planned:{row['id']}",
            "lead_id": str(row["res_id"]),
            "kind": "task",
            "occurred_at": read_time(row["create_date"]).isoformat(),
            "rep_id": str(owner[0]) if owner else None,
            "details": details,
        }


def read_place(after: FeedCursor | None) -> tuple[datetime, int]:
    """Return the second from which to read, and the id after which within it; 0: from its beginning."""
    if after is None:
        return EPOCH, 0
    number = int(after.row_id) if after.row_id.isascii() and after.row_id.isdecimal() else 0
    return after.moment.astimezone(UTC).replace(microsecond=0), number


def read_time(text: str) -> datetime:
    """Return a time as Odoo writes it: UTC, without saying so. Raises ValueError."""
    return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def write_time(moment: datetime) -> str:
    """Return a time as Odoo reads it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _within(second: datetime) -> list[list[str]]:
    return [["write_date", ">=", write_time(second)], ["write_date", "<", write_time(second + SECOND)]]


def _place(second: datetime, row_id: int | None = None) -> FeedCursor:
    return FeedCursor(second.isoformat(), "" if row_id is None else str(row_id))
