"""What of Mautic can be set (mautic.yaml, the section mautic of products.yaml)."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from leadops.products.enrolment_settings import MarkedEnrolmentSettings
from leadops.settings import Settings

#: The alias of a field of contacts, as Settings > Custom Fields shows it.
Alias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class ScorePlace(StrEnum):
    """Where the score stands in Mautic."""

    #: A custom field of leadops' own, which is set.
    FIELD = "field"
    #: Mautic's own points, to which changes are added, for people who want its point triggers.
    POINTS = "points"


class ContactFields(Settings):
    """The fields of a contact that leadops writes."""

    score: Alias
    external_id: Alias
    seq: Alias | None


class MauticSettings(Settings):
    """The names of one Mautic."""

    scores: ScorePlace
    fields: ContactFields
    facts: dict[str, Alias | None]
    enrolments: MarkedEnrolmentSettings


SETTINGS = MauticSettings
