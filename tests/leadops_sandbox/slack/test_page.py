from ..conftest import Running


def post(sandbox: Running, text: str, **more: object) -> str:
    body = {"channel": "#alerts", "text": text} | more
    return str(sandbox.slack("POST", "/api/chat.postMessage", body).json()["ts"])


def test_the_page_shows_threads_and_marks_edits(sandbox: Running) -> None:
    assert "Nothing was posted yet" in sandbox.admin("GET", "/_slack").text
    ts = post(sandbox, "first words")
    post(sandbox, "a reply", thread_ts=ts)
    post(sandbox, "newer")
    channel = sandbox.admin("GET", "/_slack.json").json()["channels"][0]
    change = {"channel": channel["id"], "ts": ts, "text": "other words"}
    sandbox.slack("POST", "/api/chat.update", change)

    page = sandbox.admin("GET", "/_slack").text
    assert page.count("edited 1×") == 1
    assert page.index("#alerts") < page.index("newer") < page.index("other words") < page.index("first words")
    assert page.index("first words") < page.index('class="reply"') < page.index("a reply")
    told = sandbox.admin("GET", "/_slack.json").json()["channels"][0]
    assert [message["text"] for message in told["messages"]] == ["other words", "newer"]
    assert [before["text"] for before in told["messages"][0]["before"]] == ["first words"]
    assert [reply["text"] for reply in told["messages"][0]["replies"]] == ["a reply"]


def test_what_is_posted_cannot_become_html(sandbox: Running) -> None:
    post(sandbox, '<script>x</script> &lt;b&gt; "q" <https://a.example/?a=1&b=2|the *run*>')
    page = sandbox.admin("GET", "/_slack").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x&lt;/script&gt; &lt;b&gt; &quot;q&quot;" in page
    assert '<a href="https://a.example/?a=1&amp;b=2">the <b>run</b></a>' in page


def test_blocks_are_read_before_the_fallback_text(sandbox: Running) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "CDP is late"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "since *10:00*"}]},
    ]
    post(sandbox, "fallback", blocks=blocks)
    page = sandbox.admin("GET", "/_slack").text
    assert "CDP is late\nsince <b>10:00</b>" in page
    assert "fallback" not in page


def test_a_permalink_leads_to_its_message(sandbox: Running) -> None:
    number = post(sandbox, "here").replace(".", "")
    answer = sandbox.admin("GET", f"/archives/C0001/p{number}")
    assert [redirect.headers["location"] for redirect in answer.history] == [f"/_slack#p{number}"]
    assert f'<article class="message" id="p{number}">' in answer.text
