"""Which rule a page earns by: of all rules for one event whose path fits, the most specific and no other.

More segments are more specific than fewer; of as many, `path_is` is more specific than `path`; then the rule
that stands first in the file goes before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadops.scoring.event_condition import find_page, match_page
from leadops.scoring.page_paths import PagePattern, can_share_page, fits_page, hint_regex

if TYPE_CHECKING:
    from leadops.scoring.scoring_rules import BehaviourRule


@dataclass(frozen=True)
class RankedPage:
    """One path of one rule; `place` is the rule's place in the file, from 0."""

    rule: "BehaviourRule"
    pattern: PagePattern
    place: int

    def goes_before(self, other: "RankedPage") -> bool:
        """Return whether this rule has a page that fits both."""
        own, theirs = self.pattern.weight, other.pattern.weight
        return own > theirs or (own == theirs and self.place < other.place)


class PageRules:
    """The rules of a file that name paths, and how they share the pages out."""

    def __init__(self, behaviour: Sequence["BehaviourRule"], locales: Sequence[str]) -> None:
        self._locales = tuple(locales)
        self._pages = [
            RankedPage(rule, pattern, place)
            for place, rule in enumerate(behaviour)
            for pattern in rule.page_patterns()
        ]

    def condition(self, rule: "BehaviourRule") -> str | None:
        """Return the jsonpath predicate over {"properties", "context"} of an event that `rule` rewards.

        None where every such event fits. What a more specific rule rewards is left out.
        """
        own = [page for page in self._pages if page.rule.name == rule.name]
        ways = [
            " && ".join([self._fit(page), *(self._deny(other) for other in self._above(page))])
            for page in own
        ]
        hint = hint_regex([page.pattern for page in own]) if own else None
        tests = [match_page(hint)] if hint else []
        tests += [f"(({') || ('.join(ways)}))"] if ways else []
        return " && ".join([*tests, *rule.other_tests()]) or None

    def rank(self, page: str) -> list[RankedPage]:
        """Return the paths that fit `page`, a path or a URL: by event, the most specific first."""
        fitting = [ranked for ranked in self._pages if fits_page(ranked.pattern, page, self._locales)]
        return sorted(
            fitting,
            key=lambda ranked: (
                ranked.rule.event,
                -len(ranked.pattern.segments),
                not ranked.pattern.is_exact,
                ranked.place,
            ),
        )

    def describe(self, rule: "BehaviourRule") -> dict[str, Any]:
        """Return what decides the pages of `rule` beside its own settings, as JSON; {} without paths.

        `place` is there only where the order of the file decides.
        """
        own = [page for page in self._pages if page.rule.name == rule.name]
        if not own:
            return {}
        rivals = [(page, other) for page in own for other in self._rivals(page)]
        is_tied = any(page.pattern.weight == other.pattern.weight for page, other in rivals)
        above = {other.rule.name for page, other in rivals if other.goes_before(page)}
        return {
            "locales": sorted(self._locales),
            "yields_to": sorted(above),
            **({"place": own[0].place} if is_tied else {}),
        }

    def _rivals(self, page: RankedPage) -> list[RankedPage]:
        """Return the paths of other rules for the same event that may fit the same pages."""
        return [
            other
            for other in self._pages
            if other.rule.name != page.rule.name
            and other.rule.event == page.rule.event
            and can_share_page(page.pattern, other.pattern, self._locales)
        ]

    def _above(self, page: RankedPage) -> list[RankedPage]:
        return [other for other in self._rivals(page) if other.goes_before(page)]

    def _fit(self, page: RankedPage) -> str:
        return find_page(page.pattern, self._locales)

    def _deny(self, page: RankedPage) -> str:
        """Return the predicate that holds where `page` does not fit, or where that cannot be decided."""
        fits = " && ".join([self._fit(page), *page.rule.other_tests()])
        return f"!(({fits}) && !(({fits}) is unknown))"
