"""Which forms are spam, and which tools send forms: the model of config/forms.yaml."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from leadops.events.form_tools import FormTool, ToolName
from leadops.normalization.clean_text import fold_text
from leadops.settings import Settings

FoldedNames = Annotated[frozenset[str], AfterValidator(lambda names: frozenset(map(fold_text, names)))]


class SameTextLimits(Settings):
    """When one text under several addresses is spam."""

    addresses: int = Field(ge=2)  # different ones, the form's own included
    hours: float = Field(gt=0, le=720)
    min_chars: int = Field(ge=1)  # of a text without a link


class SameVisitorLimits(Settings):
    """When forms of one visitor are spam."""

    max_forms: int = Field(ge=1)  # further ones are spam
    minutes: float = Field(gt=0, le=43_200)


class SpamSettings(Settings):
    """config/forms.yaml."""

    events: frozenset[str]  # names of events that are forms
    never: FoldedNames  # addresses, mail domains and anonymous_ids whose forms are not spam
    honeypots: FoldedNames  # property names
    min_fill_seconds: float | None = Field(gt=0)
    fill_seconds: FoldedNames  # property names
    shown_at: FoldedNames  # property names
    disposable_mail: bool
    person_names: FoldedNames  # property names
    texts: FoldedNames  # property names
    named_links: bool
    same_text: SameTextLimits | None
    same_visitor: SameVisitorLimits | None
    tools: Mapping[ToolName, FormTool]
