import pytest

from leadops.gateway.allowed_origins import compile_origin, is_allowed

ALLOWED = ("https://www.example.com", "https://*.example.org", "http://localhost:3000")


@pytest.mark.parametrize(
    "origin", ["https://www.example.com", "https://a.b.example.org", "http://localhost:3000"]
)
def test_allowed(origin: str) -> None:
    assert is_allowed(origin, ALLOWED)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://www.example.com",
        "https://www.example.com:8443",
        "https://wwwXexample.com",
        "https://example.org",
        "https://evil.com/.example.org",
        "https://www.example.com.evil.com",
        "http://localhost:30000",
    ],
)
def test_foreign(origin: str) -> None:
    assert not is_allowed(origin, ALLOWED)


def test_everybody_must_be_said() -> None:
    assert is_allowed("https://any.example", ("*",))
    assert not is_allowed("null", ("*",))


@pytest.mark.parametrize("text", ["www.example.com", "https://example.com/", "https://*", "ftp://a.b"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"https://www\.example\.com"):
        compile_origin(text)
