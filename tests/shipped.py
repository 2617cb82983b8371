"""The settings that come with leadops, and variants of them: models have no defaults of their own."""

from typing import Any, TypeVar

from leadops.company import InCompanyZone
from leadops.configuration import Config
from leadops.settings import Settings

Model = TypeVar("Model", bound=Settings)

#: Whatever LEADOPS_CONFIG_DIR says; sections are read when a test asks for them.
SHIPPED = Config()


def change(settings: Model, **changes: Any) -> Model:
    """Return `settings` with `changes` to their fields, checked as a file is."""
    changed = type(settings).model_validate(settings.model_dump(by_alias=True) | changes)
    return changed.in_company(SHIPPED.company) if isinstance(changed, InCompanyZone) else changed


def import_settings() -> dict[str, Any]:
    """Return the arguments of history.load.import_file that are settings."""
    return {"zone": SHIPPED.company.zone, "contract": SHIPPED.kpi, "identity": SHIPPED.identity}
