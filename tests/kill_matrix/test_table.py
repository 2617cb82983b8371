from datetime import UTC, datetime
from pathlib import Path

from tests.kill_matrix.healing import Healing
from tests.kill_matrix.table import BEGIN, END, PAGE, write_page

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def test_a_row_takes_the_place_of_the_earlier_one_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{BEGIN}\n{END}\n\nText.\n")
    write_page(
        [
            Healing("PostgreSQL", "celery", NOW, NOW, dags=70.0, whole=75.2, incidents=["dag_failed x"]),
            Healing("scheduler", "local", NOW, NOW, dags=50.0, whole=61.0, next_try=44.6),
            Healing("Redis", "celery", NOW, NOW, dags=99.0, whole=99.0),
        ],
        page,
    )
    write_page([Healing("Redis", "celery", NOW, NOW, dags=12.4, whole=31.5)], page)
    assert page.read_text().splitlines() == [
        *("# Title", "", BEGIN),
        "| executor | what was killed | DAGs succeed | task again | new people arrive | incidents |",
        "|---|---|---|---|---|---|",
        "| local | scheduler | 50 s | 45 s | 61 s |  |",
        "| celery | Redis | 12 s |  | 32 s |  |",
        "| celery | PostgreSQL | 70 s |  | 75 s | `dag_failed x` |",
        *(END, "", "Text."),
    ]


def test_the_page_has_the_place_of_the_table() -> None:
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    assert before
    assert begin
    assert END in rest
