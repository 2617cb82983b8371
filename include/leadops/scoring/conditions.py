"""One condition of a rule, and its translation into a jsonpath predicate that PostgreSQL matches."""

import json
import math
import re
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from leadops.normalization.trait_values import compare_rule_value, fold_fragment
from leadops.scoring.page_paths import PagePattern, read_pattern
from leadops.settings import Settings


def storable(text: str) -> str:
    """Return `text`; raise ValueError when it holds what a database text cannot hold."""
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds a character that a database text cannot hold")
    return text


def _check_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("must be a number")
    return value


def _check_scalar(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    raise ValueError("must be text, a number, true or false")


def _check_fragments(value: object) -> object:
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and storable(text) for text in texts):
        raise ValueError("must be a text that is not empty, or a list of such texts")
    return value


# Each check comes before the union, so that a wrong value is one fault and not one for each kind.
Text = Annotated[StrictStr, AfterValidator(storable)]
Fragments = Annotated[str | list[str], BeforeValidator(_check_fragments)]
Number = Annotated[StrictInt | StrictFloat, BeforeValidator(_check_number)]
Scalar = Annotated[StrictBool | StrictInt | StrictFloat | StrictStr, BeforeValidator(_check_scalar)]


class RuleCondition(Settings):
    """What a value must be; all operators given must hold. For a list, one element that fits is enough."""

    equals: Scalar | None = None  # the same value of the same kind
    in_: Annotated[list[Scalar], Field(min_length=1)] | None = Field(default=None, alias="in")  # one of these
    starts_with: Fragments | None = None  # text that begins with this, or with one of these
    contains: Fragments | None = None  # text that has this, or one of these, in it; case does not matter
    at_least: Number | None = None  # a number, or text that is one, not under this
    at_most: Number | None = None  # a number, or text that is one, not over this
    above: Number | None = None  # a number, or text that is one, over this
    below: Number | None = None  # a number, or text that is one, under this
    exists: StrictBool | None = None  # whether there is a value at all
    path: Fragments | None = None  # only of context.page: this page, or one below it
    path_is: Fragments | None = None  # only of context.page: this page alone

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set or None in (getattr(self, name) for name in self.model_fields_set):
            raise ValueError("an operator with a value is needed: " + ", ".join(operator_names()))
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least} is over at_most {self.at_most}: nothing can fit")
        lowest = [number for number in (self.at_least, self.above) if number is not None]
        highest = [number for number in (self.at_most, self.below) if number is not None]
        is_strict = self.above is not None or self.below is not None
        if is_strict and lowest and highest and max(lowest) >= min(highest):
            raise ValueError(f"nothing is over {max(lowest)} and under {min(highest)}: nothing can fit")
        if self.path is not None and self.path_is is not None:
            raise ValueError("give path (this page and those below) or path_is (this page alone), not both")
        self.page_patterns()
        return self

    def page_patterns(self) -> list[PagePattern]:
        """Return the paths of which the page must have one; raise ValueError if one is not a path."""
        texts = self.path if self.path is not None else self.path_is
        is_exact = self.path_is is not None
        return [read_pattern(text, is_exact=is_exact) for text in _listed(texts)] if texts is not None else []

    def compared_texts(self) -> list[str]:
        """Return the texts with which the value is compared letter by letter."""
        scalars = [self.equals, *(self.in_ or [])]
        fragments = [each for each in (self.starts_with, self.contains) if each is not None]
        return [each for each in scalars if isinstance(each, str)] + [
            text for each in fragments for text in _listed(each)
        ]

    def for_trait(self, trait: str) -> "RuleCondition":
        """Return the condition on the forms of `trait` that `compare_trait` gives."""
        changes: dict[str, object] = {}
        if self.equals is not None:
            changes["equals"] = compare_rule_value(trait, self.equals)
        if self.in_ is not None:
            changes["in_"] = [compare_rule_value(trait, value) for value in self.in_]
        for name in ("starts_with", "contains"):
            texts = getattr(self, name)
            if texts is not None:
                changes[name] = [fold_fragment(text) for text in _listed(texts)]
        return self.model_copy(update=changes)

    def predicate(self, path: str) -> str:
        """Return the jsonpath predicate that says whether the value at the jsonpath `path` fits.

        Paths of pages are left out, because other rules have a say in them: see PageRules. Without anything
        else it is "".
        """
        tests: list[str] = []
        if self.exists is not None:
            tests.append(f"{'' if self.exists else '!'}exists({path})")
        if self.equals is not None:
            tests.append(f"{path} == {quote(self.equals)}")
        if self.in_ is not None:
            tests.append(_any(f"{path} == {quote(value)}" for value in self.in_))
        if self.starts_with is not None:
            tests.append(_any(f"{path} starts with {quote(text)}" for text in _listed(self.starts_with)))
        if self.contains is not None:
            texts = _listed(self.contains)
            tests.append(_any(f'{path} like_regex {quote(text)} flag "iq"' for text in texts))
        if self.at_least is not None:
            tests.append(f"{path}.double() >= {quote(self.at_least)}")
        if self.at_most is not None:
            tests.append(f"{path}.double() <= {quote(self.at_most)}")
        if self.above is not None:
            tests.append(f"{path}.double() > {quote(self.above)}")
        if self.below is not None:
            tests.append(f"{path}.double() < {quote(self.below)}")
        return " && ".join(f"({test})" for test in tests)


def operator_names() -> list[str]:
    """Return the operators as they are written in the rule file."""
    return [field.alias or name for name, field in RuleCondition.model_fields.items()]


def member_path(address: str) -> str:
    """Return the jsonpath of a dotted address, for example `$."context"."page"` of context.page."""
    return "$" + "".join(f".{quote(step)}" for step in address.split("."))


def quote(value: Any) -> str:
    """Return `value` (text, number or truth) as a jsonpath literal, whatever characters it holds."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    # A sign is an operator in jsonpath and takes an operand in brackets.
    text = re.sub(r"e\+?", "e", repr(value))
    return f"({text})" if value < 0 else text


def _any(tests: Any) -> str:
    return " || ".join(f"({test})" for test in tests)


def _listed(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else texts
