"""Which events are meant: the event's name, and what must hold in it. Rules and programmes name them so."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from leadops.scoring.conditions import RuleCondition, Text, member_path, quote
from leadops.scoring.page_paths import PagePattern, page_regex
from leadops.settings import Settings

#: The address on which a condition names paths.
PAGE = "context.page"


def _address(address: str) -> str:
    first, *steps = address.split(".")
    if first not in ("properties", "context") or not steps or not all(steps):
        raise ValueError("a condition looks at properties.<name> or context.<name>, for example context.page")
    return address


Name = Annotated[Text, Field(min_length=1, max_length=100)]
Address = Annotated[Text, AfterValidator(_address)]


class EventCondition(Settings):
    """The events of one name in which all conditions hold."""

    event: Name  # name of the event
    when: dict[Address, RuleCondition] = Field(default_factory=dict)  # address -> what must hold there

    @model_validator(mode="after")
    def _page_by_segments(self) -> Self:
        for address, condition in self.when.items():
            if address != PAGE and condition.page_patterns():
                raise ValueError(f"path and path_is are for {PAGE}, not for {address}")
            if address == PAGE and any(text.startswith("/") for text in condition.compared_texts()):
                raise ValueError(
                    "the path of a page is compared by its segments: write path: /pricing (that page and"
                    " those below it) or path_is: /pricing (that page alone)"
                )
        return self

    def page_patterns(self) -> list[PagePattern]:
        """Return the paths of which an event's page must have one; none: any page will do."""
        return [pattern for condition in self.when.values() for pattern in condition.page_patterns()]

    def other_tests(self) -> list[str]:
        """Return the jsonpath predicates over {"properties", "context"} of all conditions but paths."""
        tests = (condition.predicate(member_path(address)) for address, condition in self.when.items())
        return [test for test in tests if test]

    def predicate(self, locales: Sequence[str]) -> str | None:
        """Return the jsonpath predicate of all conditions; None where every event of the name fits.

        No other condition has a say in it: a page may fit several. `locales` are not counted in paths.
        """
        pages = " || ".join(find_page(pattern, locales) for pattern in self.page_patterns())
        return " && ".join([*([f"({pages})"] if pages else []), *self.other_tests()]) or None


def find_page(pattern: PagePattern, locales: Sequence[str]) -> str:
    """Return the jsonpath predicate that finds pages of `pattern`."""
    return match_page(page_regex(pattern, tuple(locales)))


def match_page(regex: str) -> str:
    """Return the jsonpath predicate of a page that `regex` finds, in any case."""
    return f'({member_path(PAGE)} like_regex {quote(regex)} flag "i")'
