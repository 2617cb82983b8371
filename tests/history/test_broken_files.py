"""Whatever stands in a file, every row of it is in or refused, and a fault costs its own row alone."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.db import Connection
from tests.promises import promise_examples

from .conftest import Export

HEADER = "id,mail,made,source,campaign,size"
ROWS = [f'c-{number},p{number}@buyers.example,2026-01-05,"ads, {number}",spring,7' for number in range(8)]
#: What exports hold that nobody wanted: quotes, NUL, bytes of another encoding, marks, a lone return.
DIRT = [
    b'"',
    b'""',
    b'","',
    b"\0",
    b"\xff",
    b"\xed\xa0\xbd",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    b"\x1a",
    b",",
    b"=1+1",
]


def counted(export: Export, data: bytes) -> list[str]:
    """Import `data`; return the ids that are in, and check that every row is counted once."""
    export.connection.rollback()
    with export.connection.transaction():
        for table in (
            "lifecycle.links",
            "delivery.external_ids",
            "delivery.outbox",
            "identity.aliases",
            "identity.leads",
        ):
            export.connection.execute(f"delete from {table}")  # type: ignore[arg-type]
    path = export.folder / "export.csv"
    path.write_bytes(data)
    export.refused.clear()
    result = export.bring_path("leads", path, chunk_rows=3)
    assert result.rows == result.new + result.changed + result.known + result.refused
    refused = [row for row in export.refused if not row.is_in]
    assert len(refused) == result.refused == sum(result.reasons.values())
    return [str(row[0]) for row in export.query("select value from identity.aliases where kind = 'crm_id'")]


@settings(
    max_examples=promise_examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(
        st.integers(0, len(ROWS) - 1),
        st.lists(st.tuples(st.integers(0, len(ROWS[0])), st.sampled_from(DIRT)), min_size=1, max_size=3),
        max_size=3,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_dirt_in_some_rows_costs_no_other_row(
    export: Export, dirt: dict[int, list[tuple[int, bytes]]], line_end: str, marked: bool
) -> None:
    lines = [row.encode() for row in ROWS]
    for number, stains in dirt.items():
        for place, stain in stains:
            lines[number] = lines[number][:place] + stain + lines[number][place:]
    data = line_end.encode().join([HEADER.encode(), *lines, b""])
    ids = counted(export, b"\xef\xbb\xbf" + data if marked else data)
    assert {f"c-{number}" for number in range(len(ROWS)) if number not in dirt} <= set(ids)


@settings(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from([*DIRT, b"a", b"c-1", b"2026-01-05", b" ", b"\xe2\x80\xa8"]), max_size=60))
def test_no_bytes_stop_an_import(export: Export, body: list[bytes]) -> None:
    counted(export, HEADER.encode() + b"\n" + b"".join(body))


def test_a_missing_quote_in_row_three_of_two_thousand(export: Export, connection: Connection) -> None:
    rows = [(f"c-{n}", f"p{n}@buyers.example", "2026-01-05", '"ads"', "spring", 7) for n in range(2000)]
    path: Path = export.write("leads", rows)
    text = path.read_text(encoding="utf-8").replace(
        'c-2,p2@buyers.example,2026-01-05,"ads"', 'c-2,p2@buyers.example,2026-01-05,"ads'
    )
    path.write_text(text, encoding="utf-8")
    result = export.bring_path("leads", path)
    assert (result.rows, result.new, result.refused) == (2000, 1999, 1)
    (refused,) = export.refused
    assert (refused.row, refused.reason) == (4, "not CSV: a quote is missing or in the wrong place")
