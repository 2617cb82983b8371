"""The three sentences that go with the picture."""

from collections.abc import Mapping, Sequence

from leadops.reports.boxes import Box
from leadops.reports.report_period import ReportPeriod
from leadops.reports.report_texts import CAUSE_TEXTS, REPORT_TEXTS, say_label, say_span


def say_responses(
    whole: Box,
    *,
    late_causes: Mapping[str, int],
    period: ReportPeriod,
    by_rep: Sequence[Box],
    by_campaign: Sequence[Box],
    target_minutes: float,
    min_answers: int,
    language: str,
) -> list[str]:
    """Return how fast sales was, who was quickest and slowest, and what is open or was far too late.

    `whole` is the box of all MQLs, `late_causes` the causes of the answers above its upper fence.
    """
    words = REPORT_TEXTS[language]
    facts: dict[str, object] = {"period": period, "mqls": whole.mqls, "open": whole.open}
    if not whole.answered:
        return [
            words["first_none" if whole.mqls else "first_empty"].format(**facts),
            words["second_none"],
            words["third_none"].format(**facts),
        ]
    facts |= {
        "answered": whole.answered,
        "median": say_span(whole.median, language),
        "target": say_span(target_minutes, language),
    }
    second = ""
    for what, none, boxes in (("rep", "nobody", by_rep), ("campaign", "no_campaign", by_campaign)):
        named = [box for box in boxes if box.answered >= min_answers and not box.others]
        if len(named) > 1:
            ends = {"quick": named[0], "slow": named[-1]}
            said = {name: say_label(box, none, language) for name, box in ends.items()}
            said |= {f"{name}_span": say_span(box.median, language) for name, box in ends.items()}
            second += words["second_and" if second else "second"].format(what=words[what], **said)
    return [
        words["first"].format(**facts),
        second + words["second_end"] if second else words["second_none"],
        _say_late(whole, late_causes, facts, language),
    ]


def _say_late(whole: Box, causes: Mapping[str, int], facts: dict[str, object], language: str) -> str:
    limit = whole.fences[1]
    late = whole.count_over(limit)
    if not late:
        return REPORT_TEXTS[language]["third_none"].format(**facts)
    because = ""
    if causes:
        cause = max(sorted(causes), key=lambda name: causes[name])
        because = REPORT_TEXTS[language]["because"].format(cause=CAUSE_TEXTS[language].get(cause, cause))
    return REPORT_TEXTS[language]["third"].format(
        **facts, late=late, limit=say_span(limit, language), because=because
    )
