"""Dirt as other systems send it in JSON, written byte for byte, so that no JSON library helps."""

from hypothesis import strategies as st

#: A member of an object that can be read, whatever the bytes look like.
HARMLESS = (
    rb'"subject":"Thank you \ud83d"',
    rb'"subject":"\ude00 half an emoji first"',
    rb'"sub\ud83dject":1',
    rb'"subject":"a\u0000b"',
    b'"subject":"a\x00b"',
    b'"subject":"two\nlines,\ta tab and \x1b[31m"',
    b'"subject":"\xf0\x9f\x98"',
    b'"subject":"caf\xe9 \x8e\xd2"',
    b'"subject":"\xef\xbb\xbfmark"',
    b'"subject":1,"subject":2',
    b'"amount":123456789012345678901234567890',
    b'"amount":' + b"9" * 400,
    b'"amount":1e308,"share":-0.0',
    b'"subject":"' + b"long " * 2_000 + b'"',
    b'"nested":' + b"[" * 60 + b"]" * 60,
    b'"subject":null,"":{}',
)
#: A member that makes its item, and nothing else, unreadable.
FATAL = (
    b'"worth":NaN',
    b'"worth":Infinity',
    b'"worth":[{"inner":-Infinity}]',
    b'"worth":1e400',
    b'"worth":-1E+999',
    b'"deep":' + b"[" * 150 + b"]" * 150,
    b'"deep":' + b'{"a":' * 150 + b"1" + b"}" * 150,
)

#: Before or after the whole answer.
AROUND = st.sampled_from(
    [(b"", b""), (b"\xef\xbb\xbf", b""), (b" \n", b"\r\n"), (b"", b"\x00"), (b"", b"\x00\n")]
)

harmless = st.lists(st.sampled_from(HARMLESS), max_size=3, unique=True)
fatal = st.sampled_from(FATAL)
