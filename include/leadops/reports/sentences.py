"""The three sentences that go with the picture."""

from collections import Counter
from collections.abc import Sequence

from leadops.reports.boxes import Box, make_box
from leadops.reports.report_period import ReportPeriod
from leadops.reports.report_texts import CAUSE_TEXTS, REPORT_TEXTS, say_label, say_span
from leadops.reports.responses import ResponseTime


def say_responses(
    responses: Sequence[ResponseTime],
    *,
    period: ReportPeriod,
    by_rep: Sequence[Box],
    by_campaign: Sequence[Box],
    target_minutes: float,
    min_answers: int,
    language: str,
) -> list[str]:
    """Return how fast sales was, who was quickest and slowest, and what is open or was far too late."""
    words, whole = REPORT_TEXTS[language], make_box(None, responses)
    facts: dict[str, object] = {"period": period, "mqls": whole.mqls, "open": whole.open}
    if not whole.minutes:
        return [
            words["first_none" if responses else "first_empty"].format(**facts),
            words["second_none"],
            words["third_none"].format(**facts),
        ]
    facts |= {
        "answered": len(whole.minutes),
        "median": say_span(whole.median, language),
        "target": say_span(target_minutes, language),
    }
    second = ""
    for what, none, boxes in (("rep", "nobody", by_rep), ("campaign", "no_campaign", by_campaign)):
        named = [box for box in boxes if len(box.minutes) >= min_answers and not box.others]
        if len(named) > 1:
            ends = {"quick": named[0], "slow": named[-1]}
            said = {name: say_label(box, none, language) for name, box in ends.items()}
            said |= {f"{name}_span": say_span(box.median, language) for name, box in ends.items()}
            second += words["second_and" if second else "second"].format(what=words[what], **said)
    return [
        words["first"].format(**facts),
        second + words["second_end"] if second else words["second_none"],
        _say_late(responses, whole, facts, language),
    ]


def _say_late(responses: Sequence[ResponseTime], whole: Box, facts: dict[str, object], language: str) -> str:
    limit = whole.fences[1]
    late = [each for each in responses if each.minutes is not None and each.minutes > limit]
    if not late:
        return REPORT_TEXTS[language]["third_none"].format(**facts)
    causes = Counter(each.cause for each in late if each.cause)
    because = ""
    if causes:
        cause = max(sorted(causes), key=lambda name: causes[name])
        because = REPORT_TEXTS[language]["because"].format(cause=CAUSE_TEXTS[language].get(cause, cause))
    return REPORT_TEXTS[language]["third"].format(
        **facts, late=len(late), limit=say_span(limit, language), because=because
    )
