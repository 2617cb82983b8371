from slack_sdk import WebClient

from leadops_sandbox.settings import Tokens

from ..conftest import Running


def test_a_file_is_uploaded_as_the_sdk_does_it_and_shared_in_a_thread(sandbox: Running) -> None:
    client = WebClient(Tokens().slack, base_url=f"{sandbox.url}/api/", timeout=60, retry_handlers=[])
    ts = client.chat_postMessage(channel="C0LEADOPS", text="the report")["ts"]
    client.files_upload_v2(
        channel="C0LEADOPS", content="a,b\n1,2\n", filename="report.csv", thread_ts=ts, initial_comment="here"
    )
    thread = client.conversations_replies(channel="C0LEADOPS", ts=ts)["messages"]
    assert thread[1]["text"] == "here\n[report.csv]"
    assert sandbox.admin("GET", "/_state").json()["slack"]["files"] == 1


def test_an_upload_that_was_not_announced_is_refused(sandbox: Running) -> None:
    assert sandbox.slack("POST", "/upload/F9", data=b"x").status_code == 404
    unknown = {"files": [{"id": "F9"}]}
    assert sandbox.slack("POST", "/api/files.completeUploadExternal", unknown).json() == {
        "ok": False,
        "error": "file_not_found",
    }
    assert sandbox.slack("POST", "/api/files.getUploadURLExternal", {}).json()["error"] == "invalid_arguments"


def test_a_picture_that_was_shared_is_seen(sandbox: Running) -> None:
    client = WebClient(Tokens().slack, base_url=f"{sandbox.url}/api/", timeout=60, retry_handlers=[])
    picture = b"\x89PNG\r\n\x1a\n and so on"
    done = client.files_upload_v2(
        channel="C0LEADOPS", content=picture, filename="a.png", initial_comment="here"
    )
    file_id = done["files"][0]["id"]
    assert client.files_info(file=file_id)["file"]["channels"] == ["C0LEADOPS"]
    assert f'<img alt="a.png" src="/_slack/files/{file_id}">' in sandbox.admin("GET", "/_slack").text
    shown = sandbox.admin("GET", f"/_slack/files/{file_id}")
    assert (shown.content, shown.headers["Content-Type"]) == (picture, "image/png")
    assert sandbox.admin("GET", "/_slack/files/F9").status_code == 404
    assert sandbox.slack("POST", "/api/files.info", {"file": "F9"}).json()["error"] == "file_not_found"


def test_a_file_that_was_uploaded_but_not_shared_is_in_no_channel(sandbox: Running) -> None:
    asked = sandbox.slack(
        "POST", "/api/files.getUploadURLExternal", {"filename": "a.png", "length": 3}
    ).json()
    info = sandbox.slack("POST", "/api/files.info", {"file": asked["file_id"]}).json()
    assert info["file"]["channels"] == []
