"""Posts a report to the team's chat, once, wherever the run that does it is killed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from leadops.clients.chat import Chat
from leadops.clients.chat_files import ChatFiles
from leadops.clients.slack_errors import ChatBusyError, ChatRefusedError, ChatUnreachableError
from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.reports.words import WORDS

#: One post at a time.
REPORTS_LOCK = 7_302_018

Outcome = Literal["posted", "found", "already", "outdated", "nothing"]


@dataclass(frozen=True)
class Post:
    """What is on record of one report and its post; see the comments on reports.reports."""

    report_id: int
    name: str
    facts: dict[str, Any]
    sentences: list[str]
    picture: bytes
    digest: str
    file: str
    uploaded_file: str | None
    telling_since: datetime | None
    posted_at: datetime | None
    posted_digest: str | None


def post_report(
    connection: Connection,
    chat: Chat,
    report_id: int,
    *,
    language: str,
    again: bool = False,
    clock: Callable[[], datetime],
) -> Outcome:
    """Post the report's picture with its sentences, or with a webhook the sentences and where the file is.

    `already`: it was posted before; `outdated`: likewise, and its figures have changed since (`again` posts
    it once more); `found`: an earlier run had posted it and could not note it; `nothing`: there was no MQL to
    report on. The upload is on record before anybody sees it, so an unknown outcome is looked up. A webhook
    cannot be asked: after an unknown outcome it is posted again, rather twice than not at all.
    Commits. Raises one of leadops.clients.slack_errors; then a later run goes on where this one stopped.
    """
    with _alone(connection):
        post = _read(connection, report_id)
        if post.posted_at and not again:
            return "already" if post.posted_digest == post.digest else "outdated"
        if not post.facts.get("mqls"):
            return "nothing"
        if post.posted_at:
            post = replace(post, uploaded_file=None, telling_since=None, posted_at=None)
        if chat.files is None:
            return _post_text(connection, chat, post, language=language, clock=clock)
        return _post_picture(connection, chat.files, post, clock=clock)


def _post_picture(
    connection: Connection, files: ChatFiles, post: Post, *, clock: Callable[[], datetime]
) -> Outcome:
    if post.uploaded_file and post.telling_since and _is_there(files, post.uploaded_file):
        _note_posted(connection, post, clock())
        return "found"
    if not post.uploaded_file:
        days = post.file.rsplit("/", 1)[-1]
        post = _note(connection, replace(post, uploaded_file=files.upload(days, post.picture)))
    post = _note(connection, replace(post, telling_since=clock()))
    try:
        files.share(
            str(post.uploaded_file), title=str(post.facts["period"]), text=_escape("\n".join(post.sentences))
        )
    except (ChatBusyError, ChatUnreachableError):
        _note(connection, replace(post, telling_since=None))
        raise
    except ChatRefusedError:  # what is wrong may be the upload: the next try begins with another one
        _note(connection, replace(post, telling_since=None, uploaded_file=None))
        raise
    _note_posted(connection, post, clock())
    return "posted"


def _post_text(
    connection: Connection, chat: Chat, post: Post, *, language: str, clock: Callable[[], datetime]
) -> Outcome:
    lines = [*post.sentences, WORDS[language]["file"].format(file=post.file)]
    text = _escape("\n".join(lines))
    post = _note(connection, replace(post, telling_since=clock()))
    chat.post(
        text=text,
        blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}],
        payload={"key": f"report-{post.report_id}"},
    )
    _note_posted(connection, post, clock())
    return "posted"


def _is_there(files: ChatFiles, file_id: str) -> bool:
    try:
        return files.is_shared(file_id)
    except ChatRefusedError as refused:
        if refused.code in ("file_not_found", "file_deleted", "missing_scope"):
            return False
        raise


def _note_posted(connection: Connection, post: Post, at: datetime) -> None:
    _note(connection, replace(post, posted_at=at, posted_digest=post.digest))


def _note(connection: Connection, post: Post) -> Post:
    """Write down how far the post is; commits."""
    with connection.transaction():
        connection.execute(
            load_sql("leadops.reports", "note_post"),
            {
                "report_id": post.report_id,
                "uploaded_file": post.uploaded_file,
                "telling_since": post.telling_since,
                "posted_at": post.posted_at,
                "posted_digest": post.posted_digest,
            },
        )
    return post


def _read(connection: Connection, report_id: int) -> Post:
    with connection.transaction():
        row = connection.execute(
            load_sql("leadops.reports", "read_report"), {"report_id": report_id}
        ).fetchone()
    if row is None:
        raise PermanentError(f"there is no report {report_id}")
    return Post(report_id, *row)


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold the lock over several transactions; the server lets go of it when the connection ends."""
    with connection.transaction():
        connection.execute("select pg_advisory_lock(%s)", [REPORTS_LOCK])
    try:
        yield
    finally:
        if not connection.closed:
            with connection.transaction():
                connection.execute("select pg_advisory_unlock(%s)", [REPORTS_LOCK])


def _escape(text: str) -> str:
    """Return `text` so that Slack reads no markup in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
