from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from leadops.errors import PermanentError
from leadops.made_up.made_up_past import begin_past
from tests.nurture.lift_world import Programmes
from tests.shipped import SHIPPED, change

from .conftest import NOW, ReportFixture

pytestmark = pytest.mark.uncommitted


def test_kept_as_a_file_and_on_record(desk: ReportFixture) -> None:
    for minutes in (10, 20, 30, None):
        desk.answer("rep-a", minutes)
    desk.answer("rep-a", 5, quiet=True)  # nobody was told of it
    desk.answer("rep-a", 5, dt=date(2026, 6, 30))
    desk.answer("rep-a", 5, dt=date(2026, 10, 1))
    made = desk.make()
    assert made.file.name == "response-times_2026-07-01_2026-09-30.png"
    assert made.mqls == 4
    assert "sales has taken and contacted 3 of 4 new MQLs, half within 20 min" in made.sentences[0]
    assert desk.row("picture, file") == (made.file.read_bytes(), str(made.file))
    assert list(made.file.parent.iterdir()) == [made.file]


def test_one_that_ended_unanswered_is_counted_and_not_open(desk: ReportFixture) -> None:
    desk.answer("rep-a", 10)
    desk.answer("rep-a", None, ended=True)
    desk.answer("rep-a", None)
    made = desk.make()
    assert "sales has taken and contacted 1 of 3 new MQLs" in made.sentences[0]
    assert made.sentences[2] == "Still open, and in no box: 1."


def test_below_the_sentences_is_what_each_programme_added(database_url: str, desk: ReportFixture) -> None:
    desk.answer("rep-a", 10)
    programmes = Programmes(desk.connection)
    version = programmes.version("webinar", 0.5)
    for held_out in (False, False, True):
        programmes.enter("webinar", version, datetime(2026, 7, 1, tzinfo=UTC), held_out=held_out)
    programmes.measure("2026-09-30")
    programmes.measure("2026-10-01")  # after the period
    # By hand: Wilson's upper limits of 0 of 2 and 0 of 1 are 0.658 and 0.793. That of 0 of 3 is 0.5615, so
    # 0.4492 and 0.6738 are to be told apart: ((1.95996 * 0.99241 + 0.84162 * 0.96666) / 0.2246)² = 150.9.
    assert desk.make().sentences[3:] == [
        "webinar: 0.0% of 2 members became SQL within 30 days, 0.0% of 1 held out;"
        " a difference of +0.0 percentage points (95 % interval -79.3 to +65.8)."
        " Too early to tell: it takes at least 148 more people."
    ]
    said = desk.make(language="ja").sentences[3]
    assert said.startswith("webinar: 開始から30日以内のSQL化率は、配信した2人で0.0%")


def test_made_again_it_is_the_same_row_and_the_same_picture(desk: ReportFixture) -> None:
    desk.answer("rep-a", 10)
    made = desk.make()
    desk.connection.execute("update reports.reports set uploaded_file = 'F1'")
    before = desk.row("*")
    assert desk.make() == made
    assert desk.row("*") == before
    desk.answer("rep-a", 99)
    assert desk.make().report_id == made.report_id
    assert desk.row("uploaded_file") == (None,)
    assert desk.row("digest") != (before[9],)


def test_names_only_where_they_are_allowed(desk: ReportFixture) -> None:
    desk.connection.execute(
        "insert into crm.reps values ('rep-a', %s, now()), ('rep-b', '{}', now())", [Jsonb({"name": "Hana"})]
    )
    for rep in ("rep-a", "rep-b"):
        for minutes in (1, 2, 3, 4, 5):
            desk.answer(rep, minutes)
    assert "rep-a" in desk.make().sentences[1]
    named = desk.make(rep_names=True).sentences[1]
    assert "Hana" in named
    assert "rep-b" in named  # whose name the CRM does not know


def test_in_japanese(desk: ReportFixture) -> None:
    desk.answer("rep-a", 10)
    assert "MQL 1件のうち1件に営業が対応" in desk.make(language="ja").sentences[0]


def test_a_folder_that_cannot_be_written_is_one_line(desk: ReportFixture, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(PermanentError, match="set `folder` in reports"):
        desk.make(file=tmp_path / "taken" / "x.png")


def test_where_the_files_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", "/srv/airflow")
    assert SHIPPED.reports.place() == Path("/srv/airflow/reports")
    assert change(SHIPPED.reports, folder="/mnt/reports").place() == Path("/mnt/reports")
    monkeypatch.delenv("AIRFLOW_HOME")
    assert SHIPPED.reports.place() == Path("reports")


@pytest.mark.parametrize(
    ("first", "last", "is_marked"),
    [
        (date(2026, 1, 1), date(2026, 6, 30), False),
        (date(2026, 1, 1), date(2026, 7, 1), True),
        (date(2026, 9, 30), date(2026, 12, 31), True),
        (date(2026, 10, 1), date(2026, 12, 31), False),
    ],
)
def test_a_period_with_simulated_days_says_so_in_picture_and_sentences(
    desk: ReportFixture, first: date, last: date, is_marked: bool
) -> None:
    desk.answer("rep-a", 10)
    plain = desk.make()
    picture = plain.file.read_bytes()
    begin_past(desk.connection, first_day=first, last_day=last, seed=1, now=NOW)
    marked = desk.make()
    assert marked.file == plain.file
    assert (marked.file.read_bytes() != picture) is is_marked
    assert marked.sentences[0].startswith("2026-Q3 (a simulated company): " if is_marked else "2026-Q3: ")
