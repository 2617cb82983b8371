"""Files in the team's chat: announced, sent, and only then shown, in Slack's three steps."""

from typing import Protocol

import requests
from slack_sdk import WebClient

from leadops.clients.slack_call import call_slack, read_field
from leadops.clients.slack_errors import classify_exception, classify_refusal

#: Seconds for connecting, and for each answer of the place that takes the bytes.
UPLOAD_TIMEOUT = (5.0, 60.0)


class ChatFiles(Protocol):
    """What reports need of a chat. Every call may raise one of leadops.clients.slack_errors."""

    def upload(self, name: str, content: bytes) -> str:
        """Bring a file to the chat, shown to nobody yet; return its id. Never shown, it is dropped."""

    def share(self, file_id: str, *, title: str, text: str) -> None:
        """Show an uploaded file in the channel, with `text`."""

    def is_shared(self, file_id: str) -> bool:
        """Whether the file is shown in a channel."""


class ApiFiles:
    """Slack's Web API in one channel, by its id. Needs files:write and, to look again, files:read."""

    def __init__(self, client: WebClient, channel: str) -> None:
        self._client = client
        self._channel = channel

    def upload(self, name: str, content: bytes) -> str:
        """Call files.getUploadURLExternal and send the bytes where it says."""
        asked = call_slack(
            self._client.files_getUploadURLExternal, {"filename": name, "length": len(content)}
        )
        try:
            answer = requests.post(read_field(asked, "upload_url"), data=content, timeout=UPLOAD_TIMEOUT)
        except requests.RequestException as error:
            raise classify_exception(error) from error
        if answer.status_code != 200:
            raise classify_refusal(answer.status_code, "", answer.headers)
        return read_field(asked, "file_id")

    def share(self, file_id: str, *, title: str, text: str) -> None:
        """Call files.completeUploadExternal, which posts the message."""
        values = {
            "files": [{"id": file_id, "title": title}],
            "channel_id": self._channel,
            "initial_comment": text,
        }
        call_slack(self._client.files_completeUploadExternal, values)

    def is_shared(self, file_id: str) -> bool:
        """Call files.info; a file that Slack does not know (any more) is not shown."""
        file = call_slack(self._client.files_info, {"file": file_id}).get("file")
        return isinstance(file, dict) and any(
            file.get(place) for place in ("channels", "groups", "ims", "shares")
        )
