"""A lift in words: what was compared, and what it says so far."""

from leadops.notifications.messages import read_section
from leadops.nurture.measure_lift import LiftRow
from leadops.nurture.message_texts import Language


def say_lift(row: LiftRow, language: Language) -> str:
    """Return a total as one line: the rates of both arms, the interval of their difference, the verdict."""
    words = read_section("lift", language)
    facts = {
        "programme": row.programme,
        "days": row.window_days,
        "members": f"{row.members:,}",
        "held_out": f"{row.held_out:,}",
        "member_rate": _say_rate(row.member_rate),
        "held_out_rate": _say_rate(row.held_out_rate),
        "difference": _say_points(row.difference),
        "low": _say_points(row.difference_low),
        "high": _say_points(row.difference_high),
        "missing": f"{row.people_missing or 0:,}",
    }
    if row.difference is not None:
        compared = "compared"
    else:
        compared = "one_arm" if row.members or row.held_out else "nobody"
    return words[compared].format(**facts) + words[_choose_verdict(row)].format(**facts)


def _choose_verdict(row: LiftRow) -> str:
    if row.verdict != "too_early":
        return row.verdict
    if not row.people_missing:
        return "too_early"
    return "too_early_more" if row.member_sqls + row.held_out_sqls else "too_early_at_least"


def _say_rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"


def _say_points(points: float | None) -> str:
    return "" if points is None else f"{points * 100:+.1f}"
