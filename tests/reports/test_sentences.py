import pytest

from leadops.reports.boxes import group_boxes, make_box
from leadops.reports.report_texts import CAUSE_TEXTS, REPORT_TEXTS
from leadops.reports.responses import Responses
from leadops.reports.sentences import say_responses
from tests.shipped import SHIPPED

from .conftest import Q3, respond

RESPONSES = respond(
    *(("rep-a", "summer", minutes) for minutes in (10, 20, 30, 40, 50)),
    *(("rep-b", "summer", minutes) for minutes in (60, 70, 80, 90, 100)),
    ("rep-b", "spring", 600),
    ("rep-b", None, None),
)


def say(responses: Responses, language: str, **late_causes: int) -> list[str]:
    return say_responses(
        make_box(None, responses.minutes),
        late_causes=late_causes,
        period=Q3,
        by_rep=group_boxes(responses, "rep", settings=SHIPPED.reports).boxes,
        by_campaign=group_boxes(responses, "campaign", settings=SHIPPED.reports).boxes,
        target_minutes=120,
        min_answers=5,
        language=language,
    )


def test_three_sentences_by_hand() -> None:
    # 11 answers: 10 … 50, 60 … 100, 600; the median is the 6th, 60. Quartiles 35 and 85, fence 85 + 75.
    # rep-b's 6 answers: 60 70 80 90 100 600, median 85. Campaigns: only summer has 5 answers or more.
    assert say(RESPONSES, "en", night=1) == [
        "2026-Q3: sales has taken and contacted 11 of 12 new MQLs, half within 1.0 h of working time"
        " (promised: 2.0 h).",
        "The median runs from rep-a (30 min) to rep-b (1.4 h) by salesperson.",
        "Still open, and in no box: 1; far later than the rest (after more than 2.7 h): 1, most often because"
        " of nights.",
    ]
    assert say(RESPONSES, "ja", night=1) == [
        "2026-Q3: MQL 12件のうち11件に営業が対応し、半数は営業時間で1.0時間以内（約束 2.0時間）。",
        "中央値は営業担当別でrep-aの30分からrep-bの1.4時間まで。",
        "1件は未対応で箱に含まれず、1件は他より大幅に遅い（2.7時間超）。主な原因は夜間。",
    ]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_none_answered_and_none_at_all(language: str) -> None:
    for responses, which in ((respond(None), "first_none"), (respond(), "first_empty")):
        assert say(responses, language)[0] == REPORT_TEXTS[language][which].format(period="2026-Q3", mqls=1)
        assert len(say(responses, language)) == 3


def test_both_languages_have_the_same_words() -> None:
    assert REPORT_TEXTS["en"].keys() == REPORT_TEXTS["ja"].keys()
    assert CAUSE_TEXTS["en"].keys() == CAUSE_TEXTS["ja"].keys()
