"""Posts a report to the team's chat once, wherever the run that does it is killed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from leadops.clients.chat import Chat, Posted
from leadops.clients.chat_files import ChatFiles
from leadops.clients.slack_errors import ChatRefusedError
from leadops.db import Connection
from leadops.delivery.database_mark import ON_HOLD, find_hold
from leadops.errors import LeadopsError, PermanentError, TransientError
from leadops.locks import Lock, holding_lock
from leadops.notifications.blocks import compose_text
from leadops.notifications.markup import escape
from leadops.notifications.post_once import (
    PostAttempt,
    PostOutcome,
    PostState,
    begin_post,
    finish_post,
)
from leadops.queries import Queries
from leadops.reports.report_texts import REPORT_TEXTS

queries = Queries(__file__, topic="make_report")

ReportOutcome = Literal["posted", "found", "already", "outdated", "nothing"]


@dataclass(frozen=True)
class ReportPost:
    """A report and its post, as they are on record; see the comments on reports.reports."""

    report_id: int
    name: str
    facts: dict[str, Any]
    sentences: list[str]
    picture: bytes
    digest: str
    file: str
    uploaded_file: str | None
    unknown_since: datetime | None
    posted_at: datetime | None
    posted_digest: str | None

    @property
    def state(self) -> PostState:
        """Whether it is in Slack."""
        return PostState.of(unknown_since=self.unknown_since, posted_at=self.posted_at)


def post_report(
    connection: Connection,
    chat: Chat,
    report_id: int,
    *,
    language: str,
    again: bool = False,
    clock: Callable[[], datetime],
) -> ReportOutcome:
    """Post the report's picture with its sentences, or with a webhook the sentences and where the file is.

    `already`: it was posted before; `outdated`: likewise, and its figures have changed since (`again` posts
    it once more); `found`: an earlier run had posted it and could not note it; `nothing`: there was no MQL to
    report on. Commits. Raises one of leadops.clients.slack_errors; then a later run continues where this one
    stopped.
    """
    with connection.transaction():
        if find_hold(connection):
            raise TransientError(ON_HOLD)
    with holding_lock(connection, Lock.REPORT_POST):
        report = _read(connection, report_id)
        if report.state is PostState.POSTED and not again:
            return "already" if report.posted_digest == report.digest else "outdated"
        if not report.facts.get("mqls"):
            return "nothing"
        if report.state is PostState.POSTED:
            with connection.transaction():
                queries.run(connection, "forget_post", report_id=report_id)
        record = _ReportRecord(connection, report_id, clock=clock)
        if chat.files is None:
            outcome = _post_text(connection, chat, record, language=language)
        else:
            outcome = _post_picture(connection, chat.files, record)
    return "found" if outcome is PostOutcome.FOUND else "posted"


def _post_picture(connection: Connection, files: ChatFiles, record: "_ReportRecord") -> PostOutcome:
    """Upload the picture, put that on record before anybody sees it, then share it."""
    report = _read(connection, record.report_id)
    file_id = report.uploaded_file
    if file_id is None:
        file_id = files.upload(report.file.rsplit("/", 1)[-1], report.picture)
        record.note_uploaded(file_id)
    shared_id = file_id

    def look_up(since: datetime) -> Posted | None:  # noqa: ARG001
        return Posted() if _is_shared(files, shared_id) else None

    def send() -> Posted:
        text = escape("\n".join(report.sentences))
        files.share(shared_id, title=str(report.facts["period"]), text=text)
        return Posted()

    return finish_post(connection, record, record.begin(), look_up=look_up, send=send)


def _post_text(connection: Connection, chat: Chat, record: "_ReportRecord", *, language: str) -> PostOutcome:
    report = _read(connection, record.report_id)
    lines = [*report.sentences, REPORT_TEXTS[language]["file"].format(file=report.file)]
    message = compose_text(escape("\n".join(lines)))

    def send() -> Posted:
        return chat.post(
            text=message.text, blocks=message.blocks, payload={"key": f"report-{report.report_id}"}
        )

    return finish_post(connection, record, record.begin(), look_up=None, send=send)


class _ReportRecord:
    """The row of reports.reports as the record of one post; the caller's lock keeps other processes out."""

    def __init__(self, connection: Connection, report_id: int, *, clock: Callable[[], datetime]) -> None:
        self.report_id = report_id
        self._connection, self._clock = connection, clock
        self._attempts = 0

    def begin(self) -> PostAttempt:
        """Put on record that the report may be in Slack from now on; commits."""
        with self._connection.transaction():
            attempt = begin_post(self, self._clock())
        if attempt is None:
            raise PermanentError(f"there is no report {self.report_id}")
        return attempt

    def lock(self) -> PostAttempt | None:
        """Return this run's last attempt."""
        report = queries.first(self._connection, "read_report", ReportPost, report_id=self.report_id)
        return PostAttempt(self._attempts, report.unknown_since) if report else None

    def relock(self) -> PostAttempt | None:
        """Return this run's last attempt."""
        return self.lock()

    def note_attempt(self, now: datetime) -> None:
        """Note that the report may be in Slack from now on."""
        self._attempts += 1
        queries.run(self._connection, "note_attempt", report_id=self.report_id, now=now)

    def note_uploaded(self, file_id: str | None) -> None:
        """Note Slack's id of the picture; commits."""
        with self._connection.transaction():
            queries.run(self._connection, "note_uploaded", report_id=self.report_id, uploaded_file=file_id)

    def note_refused(self, error: LeadopsError) -> None:
        """Note that the report is not in Slack; after a refusal the next try begins with another upload."""
        queries.run(self._connection, "note_refused", report_id=self.report_id)
        if isinstance(error, ChatRefusedError):
            self.note_uploaded(None)

    def note_posted(self, place: Posted, outcome: PostOutcome) -> None:  # noqa: ARG002
        """Note that the report is in Slack, with these figures."""
        queries.run(self._connection, "note_posted", report_id=self.report_id, now=self._clock())


def _is_shared(files: ChatFiles, file_id: str) -> bool:
    try:
        return files.is_shared(file_id)
    except ChatRefusedError as refused:
        if refused.code in ("file_not_found", "file_deleted", "missing_scope"):
            return False
        raise


def _read(connection: Connection, report_id: int) -> ReportPost:
    with connection.transaction():
        report = queries.first(connection, "read_report", ReportPost, report_id=report_id)
    if report is None:
        raise PermanentError(f"there is no report {report_id}")
    return report
