"""Words that CRMs come with get their place in kpi.yaml."""

from datetime import UTC, datetime

from leadops.lifecycle.crm_words import USUAL_WORDS, CrmWord, add_words
from tests.shipped import SHIPPED

AT = datetime(2026, 6, 1, tzinfo=UTC)


def test_known_words_go_to_their_lists_and_the_others_are_left() -> None:
    words = [
        CrmWord("status", "Working -\u200b Contacted", 3, AT, False),
        CrmWord("status", "Closed - Not Converted", 2, AT, False),
        CrmWord("status", "Open - Not Contacted", 2, AT, False),
        CrmWord("kind", "E-Mail", 2, AT, False),
        CrmWord("kind", "Task", 2, AT, False),
        CrmWord("status", "nurturing", 1, AT, False),
        CrmWord("kind", "won", 1, AT, False),  # as a status it would be known
        CrmWord("salesperson", "lost", 1, AT, False),
    ]
    contract, left = add_words(SHIPPED.kpi, words)
    (version,) = contract.versions
    assert version.sal.taken == ["taken", "accepted", "Working - Contacted"]
    assert version.sal.contacted == ["Working - Contacted"]
    assert version.sal.contact == ["call", "mail", "meeting", "E-Mail"]
    assert version.lost == ["lost", "closed_lost", "disqualified", "Closed - Not Converted"]
    assert version.won == ["won", "closed_won"]
    assert contract.other_words.statuses[-1] == "Open - Not Contacted"
    assert contract.other_words.kinds[-1] == "Task"
    assert [word.word for word in left] == ["nurturing", "won", "lost"]


def test_no_word_is_both_won_and_lost() -> None:
    assert not [key for key, lists in USUAL_WORDS.items() if {"won", "lost"} <= set(lists)]
    assert USUAL_WORDS["status", "notcontacted"] == ("statuses",)
