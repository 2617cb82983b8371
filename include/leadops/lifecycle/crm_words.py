"""Words of the CRM: those that no setting names, and those that CRMs come with and what they mean."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from leadops.db import Connection
from leadops.lifecycle.kpi_contract import KpiContract, OtherWords
from leadops.lifecycle.rule_spans import RuleSpan
from leadops.normalization.clean_text import trim_text
from leadops.normalization.word_keys import make_word_key
from leadops.queries import Queries

queries = Queries(__file__, topic="kpi_contract")

#: Where the CRM says a word.
WordField = Literal["status", "kind", "salesperson"]
#: Words of each field that are on record as named by no setting. A field with more holds free text.
MAX_WORDS = 1_000
#: The kinds of activity that leadops itself reads.
OWN_KINDS = ("status", "meeting")


@dataclass(frozen=True)
class NamedWords:
    """The words that settings name, as they are compared."""

    statuses: list[str]
    kinds: list[str]
    salespeople: list[str]  # ids, as the CRM writes them; beside those whom it lists


class CrmWord(NamedTuple):
    """A word of the CRM's activities."""

    field: WordField
    word: str  # its most frequent spelling
    activities: int
    last_at: datetime  # UTC
    is_named: bool


def name_words(spans: Iterable[RuleSpan], other: OtherWords) -> NamedWords:
    """Return the words that the rules of `spans` or `other` name."""
    statuses, kinds = list(other.statuses), [*OWN_KINDS, *other.kinds]
    for span in spans:
        kinds += span.rules["contact"]
        for name in ("taken", "contacted", "criteria", "won", "lost"):
            statuses += span.rules[name]
    return NamedWords(
        statuses=sorted(set(map(make_word_key, statuses))),
        kinds=sorted(set(map(make_word_key, kinds))),
        salespeople=sorted(set(other.salespeople)),
    )


def forget_words(connection: Connection, named: NamedWords, *, now: datetime) -> int:
    """Remove words that a setting names by now, or that were not used for 90 days; return how many."""
    return queries.run(
        connection,
        "delete_words",
        statuses=named.statuses,
        kinds=named.kinds,
        salespeople=named.salespeople,
        now=now,
    )


def list_words(connection: Connection, named: NamedWords, *, since: datetime) -> list[CrmWord]:
    """Return the words of the activities since `since`: first those that no setting names, by frequency."""
    return queries.all(
        connection,
        "list_words",
        CrmWord,
        statuses=named.statuses,
        kinds=named.kinds,
        salespeople=named.salespeople,
        since=since,
    )


def add_words(contract: KpiContract, words: Sequence[CrmWord]) -> tuple[KpiContract, list[CrmWord]]:
    """Return `contract` with the words whose meaning is known, and the words whose meaning is not.

    Known are those that CRMs come with (`USUAL_WORDS`). Each version gets them: the same CRM says them.
    """
    body = contract.model_dump(mode="json")
    left = []
    for word in words:
        lists = USUAL_WORDS.get((word.field, make_word_key(word.word)))
        if lists is None:
            left.append(word)
            continue
        spelling = trim_text(word.word)
        for name in lists:
            if name in OtherWords.model_fields:
                body["other_words"][name].append(spelling)
                continue
            for version in body["versions"]:
                (version if name in ("won", "lost") else version["sal"])[name].append(spelling)
    return KpiContract.model_validate(body), left


def _spell(
    field: WordField, names: Sequence[str], words: Sequence[str]
) -> dict[tuple[str, str], Sequence[str]]:
    return {(field, make_word_key(word)): names for word in words}


#: Words that CRMs come with, and the lists of kpi.yaml that they belong to: the picklists Lead Status and
#: Opportunity Stage of a new Salesforce org, HubSpot's lead status and default sales pipeline, the lead
#: status of Zoho CRM, status reasons of Dynamics 365, and Japanese words of the same meaning.
USUAL_WORDS: dict[tuple[str, str], Sequence[str]] = {
    **_spell("status", ("taken",), ["working", "in progress", "pre-qualified", "対応中"]),
    **_spell(
        "status",
        ("taken", "contacted"),
        ["working - contacted", "contacted", "connected", "attempted to contact", "接触済み"],
    ),
    **_spell("status", ("won",), ["won", "closed won", "close won", "受注"]),
    **_spell(
        "status",
        ("lost",),
        [
            *(
                "lost",
                "closed lost",
                "closed - not converted",
                "unqualified",
                "not qualified",
                "disqualified",
            ),
            *("lost lead", "junk lead", "no longer interested", "cannot contact", "canceled", "失注"),
        ],
    ),
    **_spell(
        "status",
        ("statuses",),
        [
            *("new", "open", "open - not contacted", "not contacted", "contact in future", "bad timing"),
            *("closed - converted", "open deal", "prospecting", "qualification", "needs analysis"),
            *("value proposition", "id. decision makers", "perception analysis", "proposal/price quote"),
            *("negotiation/review", "appointment scheduled", "qualified to buy", "presentation scheduled"),
            *("decision maker bought-in", "contract sent", "未対応"),
        ],
    ),
    **_spell(
        "kind",
        ("contact",),
        [
            *("phone", "phone call", "outgoing call", "outbound call", "email", "e-mail", "email sent"),
            *("visit", "video call", "電話", "メール", "訪問", "商談"),
        ],
    ),
    **_spell("kind", ("kinds",), ["task", "note", "letter", "fax", "メモ"]),
}
