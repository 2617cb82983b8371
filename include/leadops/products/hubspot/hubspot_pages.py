"""The shape of HubSpot's pages: results, and where the next page begins."""

from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError, read_object
from leadops.clients.answer_values import read_id


def read_results(body: Any, what: str) -> list[Any]:
    """Return the results of a page or a batch; an entry may be anything. Raises AnswerShapeError."""
    results = read_object(body, what).get("results")
    if not isinstance(results, list):
        raise AnswerShapeError(f"{what}: the answer holds no results")
    return results


def read_next(body: Any) -> str | None:
    """Return the cursor of the next page, None on the last."""
    paging = body.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    return read_id(following.get("after")) if isinstance(following, dict) else None


def read_properties(entry: Any) -> dict[str, Any]:
    """Return the properties of an object; empty where it has none that can be read."""
    properties = entry.get("properties") if isinstance(entry, dict) else None
    return properties if isinstance(properties, dict) else {}
