"""What a report says, in English and Japanese."""

from leadops.reports.boxes import Box

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "From MQL to first contact by sales (SAL), {period}",
        "by_rep": "By salesperson",
        "by_campaign": "By campaign",
        "axis": "working time from MQL to SAL",
        "promised": "promised median {span}",
        "row": "{answered} answered, {open} open",
        "nobody": "(nobody)",
        "no_campaign": "(no campaign)",
        "others": "{others} others",
        "nothing": "No MQL was answered.",
        "few": "points only: fewer than {least} answers",
        "rep": "salesperson",
        "campaign": "campaign",
        "first": "{period}: {mqls} MQLs; sales has taken and contacted {answered} of them, half within "
        "{median} of working time (promised: {target}).",
        "first_none": "{period}: {mqls} MQLs; sales has taken and contacted none of them.",
        "first_empty": "{period}: no MQLs to report on; imported ones without a SAL do not count.",
        "second": "The median runs from {quick} ({quick_span}) to {slow} ({slow_span}) by {what}",
        "second_and": ", and from {quick} ({quick_span}) to {slow} ({slow_span}) by {what}",
        "second_end": ".",
        "second_none": "There are too few answers to compare salespeople or campaigns.",
        "third": "Still open, and in no box: {open}; far later than the rest (after more than {limit}): "
        "{late}{because}.",
        "third_none": "Still open, and in no box: {open}.",
        "because": ", most often because of {cause}",
        "file": "File: {file}",
    },
    "ja": {
        "title": "MQLから営業の初回接触（SAL）まで {period}",
        "by_rep": "営業担当別",
        "by_campaign": "キャンペーン別",
        "axis": "MQLからSALまでの営業時間",
        "promised": "約束の中央値 {span}",
        "row": "対応済み {answered}件、未対応 {open}件",
        "nobody": "（担当なし）",
        "no_campaign": "（キャンペーンなし）",
        "others": "ほか{others}件",
        "nothing": "対応済みのMQLなし",
        "few": "{least}件未満は点のみ",
        "rep": "営業担当",
        "campaign": "キャンペーン",
        "first": "{period}: MQL {mqls}件のうち{answered}件に営業が対応し、"
        "半数は営業時間で{median}以内（約束 {target}）。",
        "first_none": "{period}: MQL {mqls}件のうち、営業が対応したものはまだない。",
        "first_empty": "{period}: 対象のMQLなし。SALのない取り込み分は対象外。",
        "second": "中央値は{what}別で{quick}の{quick_span}から{slow}の{slow_span}まで",
        "second_and": "、{what}別で{quick}の{quick_span}から{slow}の{slow_span}まで",
        "second_end": "。",
        "second_none": "対応数が少なく、営業担当やキャンペーンの比較はできない。",
        "third": "{open}件は未対応で箱に含まれず、{late}件は他より大幅に遅い（{limit}超）{because}。",
        "third_none": "{open}件は未対応で箱に含まれない。",
        "because": "。主な原因は{cause}",
        "file": "ファイル: {file}",
    },
}
CAUSES: dict[str, dict[str, str]] = {
    "en": {
        "night": "nights",
        "holiday": "free days",
        "queue": "waiting in a queue",
        "unassigned": "having no owner",
        "feed_late": "a late CRM feed",
        "handling": "the salesperson",
    },
    "ja": {
        "night": "夜間",
        "holiday": "休日",
        "queue": "キューでの待機",
        "unassigned": "担当者未定",
        "feed_late": "CRM連携の遅れ",
        "handling": "営業担当の対応",
    },
}


def say_span(minutes: float, language: str) -> str:
    """Return minutes as words: `45 min`, `3.2 h`; hours of working time are not put together to days."""
    if minutes < 60:
        return f"{minutes:.0f} min" if language == "en" else f"{minutes:.0f}分"
    return f"{minutes / 60:.1f} h" if language == "en" else f"{minutes / 60:.1f}時間"


def say_label(box: Box, none: str, language: str) -> str:
    """Return what a row is called; `none` is the word for rows without a name of their own."""
    if box.others:
        return WORDS[language]["others"].format(others=box.others)
    return box.label or WORDS[language][none]
