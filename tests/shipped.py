"""The settings that come with leadops, and variants of them: models have no defaults of their own."""

from typing import Any, TypeVar

from leadops.company import InCompanyZone
from leadops.configuration import Config
from leadops.identity.identity_settings import Blocked
from leadops.scoring.scoring_rules import RuleSet
from leadops.settings import LinkedSettings, Settings

Model = TypeVar("Model", bound=Settings)

#: Whatever LEADOPS_CONFIG_DIR says; sections are read when a test asks for them.
SHIPPED = Config()


def change(settings: Model, **changes: Any) -> Model:
    """Return `settings` with `changes` to their fields, checked as a file is; sections are merged."""
    body = settings.model_dump(by_alias=True)
    sections = {
        name: body[name] | value
        for name, value in changes.items()
        if isinstance(value, dict) and isinstance(getattr(settings, name, None), Settings)
    }
    changed = type(settings).model_validate(body | changes | sections)
    if isinstance(changed, LinkedSettings):
        changed = changed.link(getattr(SHIPPED, changed.linked_section))
    return changed.in_company(SHIPPED.company) if isinstance(changed, InCompanyZone) else changed


def import_settings() -> dict[str, Any]:
    """Return the arguments of history.import_file.import_file that are settings."""
    return {
        "zone": SHIPPED.company.zone,
        "contract": SHIPPED.kpi,
        "fold_case": SHIPPED.company.fold_case,
        "identity": SHIPPED.identity,
    }


def block(**values: list[str]) -> Blocked:
    """Return the identifiers that say nothing of a person: only `values`, none of the shipped ones."""
    none: dict[str, list[str]] = {kind: [] for kind in Blocked.model_fields}
    return Blocked(**none | values)


def make_rules(**parts: Any) -> RuleSet:
    """Return rules that say only `parts`: nothing else gives points, and points fade only by `decay`."""
    none = {"groups": {}, "behaviour": [], "fit": [], "decay": None, "claims_cap": 0, "page_locales": []}
    shown = {"grades": SHIPPED.scoring.grades, "chunk_leads": SHIPPED.scoring.chunk_leads}
    if parts.get("decay"):
        parts["decay"] = {"grace_days": 0, "floor": 0, "groups": {}, "rules": {}} | parts["decay"]
    return RuleSet.model_validate(none | shown | parts)
