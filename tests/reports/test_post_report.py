from datetime import timedelta
from typing import Any

import psycopg
import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from leadops.clients.chat import ApiChat, Chat, WebhookChat
from leadops.clients.chat_files import ApiFiles
from leadops.clients.slack_errors import ChatBusyError, ChatRefusedError, ChatUnknownError
from leadops.db import connect
from leadops.errors import PermanentError
from leadops.reports.post_report import post_report
from leadops_sandbox.settings import Tokens

from .conftest import NOW, ReportFixture

CHANNEL = "C0LEADOPS"


class Killed(BaseException):
    """The process is gone; nothing of ours runs any more."""


def api(slack: str) -> ApiChat:
    return ApiChat(WebClient(Tokens().slack, base_url=f"{slack}/api/", timeout=60), CHANNEL)


def post(desk: ReportFixture, chat: Chat, **more: Any) -> str:
    report_id = desk.row("report_id")[0]
    desk.connection.commit()
    return post_report(desk.connection, chat, report_id, **{"language": "en", "clock": lambda: NOW} | more)


def seen(slack: str) -> list[dict[str, Any]]:
    channels = requests.get(f"{slack}/_slack.json", timeout=60).json()["channels"]
    return [message for channel in channels for message in channel["messages"]]


@pytest.fixture
def made(desk: ReportFixture) -> ReportFixture:
    desk.answer("rep <a>", 10, campaign="a & b")
    desk.make()
    desk.connection.commit()
    return desk


def test_picture_and_sentences_are_posted_once(made: ReportFixture, slack: str) -> None:
    assert post(made, api(slack)) == "posted"
    assert post(made, api(slack)) == "already"
    (message,) = seen(slack)
    assert message["text"].startswith("2026-Q3: sales has taken and contacted 1 of 1 new MQLs")
    (file,) = message["files"]
    assert requests.get(f"{slack}/_slack/files/{file['id']}", timeout=60).content == made.row("picture")[0]
    assert made.row("posted_at, posted_digest = digest") == (NOW, True)


def test_changed_figures_are_posted_only_if_wanted(made: ReportFixture, slack: str) -> None:
    post(made, api(slack))
    made.answer("rep-b", 20)
    made.make()
    assert post(made, api(slack)) == "outdated"
    assert len(seen(slack)) == 1
    assert post(made, api(slack), again=True) == "posted"
    assert len(seen(slack)) == 2
    assert post(made, api(slack)) == "already"


def test_killed_before_anybody_saw_it_it_is_posted(made: ReportFixture, slack: str, monkeypatch: Any) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ApiFiles, "share", die)
        with pytest.raises(Killed):
            post(made, api(slack))
    assert seen(slack) == []
    assert post(made, api(slack)) == "posted"
    assert len(seen(slack)) == 1


def test_killed_after_it_was_posted_it_is_found(made: ReportFixture, slack: str, monkeypatch: Any) -> None:
    share = ApiFiles.share

    def share_and_die(self: ApiFiles, file_id: str, **words: str) -> None:
        share(self, file_id, **words)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ApiFiles, "share", share_and_die)
        with pytest.raises(Killed):
            post(made, api(slack))
    assert made.row("posted_at") == (None,)
    assert post(made, api(slack)) == "found"
    assert post(made, api(slack)) == "already"
    assert len(seen(slack)) == 1


@pytest.mark.parametrize(
    ("error", "sees"),
    [(ChatBusyError(3), ChatBusyError), (ChatRefusedError("not_in_channel"), ChatRefusedError)],
)
def test_what_slack_did_not_take_goes_out_later(
    made: ReportFixture, slack: str, monkeypatch: Any, error: Exception, sees: type[Exception]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(ApiFiles, "share", refuse)
        with pytest.raises(sees):
            post(made, api(slack))
    assert made.row("unknown_since, posted_at") == (None, None)
    assert post(made, api(slack)) == "posted"


def test_an_answer_that_got_lost_is_looked_up(made: ReportFixture, slack: str, monkeypatch: Any) -> None:
    share = ApiFiles.share

    def share_and_lose(self: ApiFiles, file_id: str, **words: str) -> None:
        share(self, file_id, **words)
        raise ChatUnknownError("no whole answer")

    with monkeypatch.context() as patch:
        patch.setattr(ApiFiles, "share", share_and_lose)
        with pytest.raises(ChatUnknownError):
            post(made, api(slack))
    assert post(made, api(slack), clock=lambda: NOW + timedelta(minutes=1)) == "found"
    assert len(seen(slack)) == 1


def test_a_webhook_takes_the_words_and_is_told_where_the_file_is(made: ReportFixture, slack: str) -> None:
    chat = WebhookChat(WebhookClient(f"{slack}/services/{Tokens().webhook}", timeout=60))
    assert post(made, chat) == "posted"
    assert post(made, chat) == "already"
    (message,) = seen(slack)
    text = message["blocks"][0]["text"]["text"]
    assert text.endswith("File: " + made.row("file")[0])
    assert text.count("\n") == 3


def test_without_an_mql_nothing_is_posted(desk: ReportFixture, slack: str) -> None:
    desk.make()
    assert post(desk, api(slack)) == "nothing"
    assert seen(slack) == []


def test_a_report_that_is_not_there(desk: ReportFixture, slack: str) -> None:
    with pytest.raises(PermanentError, match="there is no report 77"):
        post_report(desk.connection, api(slack), 77, language="en", clock=lambda: NOW)


def test_two_runs_at_once_wait_for_each_other(made: ReportFixture, slack: str, database_url: str) -> None:
    with connect(database_url) as other, other.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(7302018)")
        made.connection.execute("set lock_timeout = '100ms'")
        made.connection.commit()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            post(made, api(slack))
    assert post(made, api(slack)) == "posted"
