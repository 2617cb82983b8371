import gzip

import httpx

from leadops.gateway.tracking_script import shorten
from tests.gateway.conftest import Serve

#: What docs/tracking.md promises, in bytes as they go over the line.
LARGEST = 4096


def fetch(client: httpx.Client, **headers: str) -> httpx.Response:
    return client.get("/leadops.js", headers=headers)


def raw(client: httpx.Client, **headers: str) -> tuple[httpx.Headers, bytes]:
    with client.stream("GET", "/leadops.js", headers=headers) as response:
        return response.headers, b"".join(response.iter_raw())


def test_it_is_small(serve: Serve) -> None:
    headers, packed = raw(serve(), **{"Accept-Encoding": "br, gzip"})
    assert headers["content-encoding"] == "gzip"
    assert len(packed) == int(headers["content-length"]) < LARGEST
    assert len(gzip.decompress(packed)) > len(packed)


def test_who_takes_no_gzip_gets_it_plain(serve: Serve) -> None:
    client = serve()
    _, packed = raw(client, **{"Accept-Encoding": "gzip"})
    for accepted in ("identity", "gzip;q=0", "br, gzip; q=0.0, identity"):
        headers, plain = raw(client, **{"Accept-Encoding": accepted})
        assert "content-encoding" not in headers
        assert plain == gzip.decompress(packed)


def test_browsers_and_caches_know_what_it_is(serve: Serve) -> None:
    headers = fetch(serve()).headers
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["cache-control"] == "public, max-age=3600"
    assert headers["vary"] == "Accept-Encoding"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "cross-origin"


def test_it_is_sent_again_only_where_it_changed(serve: Serve) -> None:
    client = serve()
    tag = fetch(client).headers["etag"]
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        answer = fetch(client, **{"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert fetch(client, **{"If-None-Match": '"other"'}).status_code == 200


def test_it_needs_no_database(serve: Serve) -> None:
    client = serve(url="postgresql://nobody:x@127.0.0.1:1/none")
    assert fetch(client).status_code == 200
    assert client.head("/leadops.js").headers["etag"] == fetch(client).headers["etag"]


def test_comments_are_not_sent() -> None:
    source = '// one\n  // two\n\n  go("http://x"); // stays\n    // three\n  end();\n'
    assert shorten(source) == 'go("http://x"); // stays\nend();\n'
