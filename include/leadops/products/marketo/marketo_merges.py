"""Which leads were merged in Marketo: its log of activities says it, since a loser's id is forgotten.

A page may hold fewer activities than it could, or none, and still be followed by more.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.answer_values import read_id
from leadops.products.marketo.marketo_rows import read_results
from leadops.products.product_rows import Call
from leadops.products.reading import Reading

TOKEN, ACTIVITIES = "/rest/v1/activities/pagingtoken.json", "/rest/v1/activities.json"
#: The type of the activity "Merge Leads", and the attribute with the ids of the losers.
MERGE_LEADS, MERGED_IDS = 32, ("Merge IDs", "Merged IDs")
#: Pages that one reading reads at most: 300 merges each.
MAX_PAGES = 100


def read_merge_log(since: datetime) -> Reading[Mapping[str, str]]:
    """Read the merges since `since` (UTC); return the winner of each loser, merges of merges followed.

    Raises AnswerShapeError if an answer is not a page.
    """
    answer = yield Call("GET", TOKEN, params={"sinceDatetime": f"{since:%Y-%m-%dT%H:%M:%SZ}"})
    token = _read_token(answer.body)
    winners: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        params = {"nextPageToken": token, "activityTypeIds": str(MERGE_LEADS)}
        answer = yield Call("GET", ACTIVITIES, params=params)
        winners |= dict(_list_merges(answer.body))
        if answer.body.get("moreResult") is not True:
            break
        following = _read_token(answer.body)
        if following == token:
            raise AnswerShapeError("Marketo activities: the page's token leads to no other page")
        token = following
    return {loser: _follow(winners, loser) for loser in winners}


def _read_token(body: Any) -> str:
    token = body.get("nextPageToken") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token:
        raise AnswerShapeError("Marketo activities: the answer holds no paging token")
    return token


def _list_merges(body: Any) -> Iterator[tuple[str, str]]:
    """Yield each loser of a page and its winner."""
    results = read_results(body)
    if results is None:
        raise AnswerShapeError("Marketo activities: the answer is not a page")
    for activity in results:
        if not isinstance(activity, dict) or activity.get("activityTypeId") != MERGE_LEADS:
            continue
        winner, attributes = read_id(activity.get("leadId")), activity.get("attributes")
        for attribute in attributes if isinstance(attributes, list) else []:
            if isinstance(attribute, dict) and attribute.get("name") in MERGED_IDS and winner is not None:
                for loser in re.findall(r"\d+", str(attribute.get("value"))):
                    yield loser, winner


def _follow(winners: Mapping[str, str], loser: str) -> str:
    """Return the lead that stands for `loser` in the end."""
    seen, lead = {loser}, winners[loser]
    while lead in winners and lead not in seen:
        seen.add(lead)
        lead = winners[lead]
    return lead
