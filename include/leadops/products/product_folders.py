"""The folders of products: which there are, and what each ships besides its code."""

import pkgutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from leadops import products
from leadops.errors import ConfigError
from leadops.settings import Settings


def list_products() -> list[str]:
    """Return the names of all products, in order."""
    return sorted(module.name for module in pkgutil.iter_modules(products.__path__) if module.ispkg)


def find_settings_models() -> dict[str, type[Settings]]:
    """Return the settings model of each product that has settings: SETTINGS of its NAME_settings.py.

    Of a product no other module is imported.
    """
    return {
        name: import_module(module).SETTINGS
        for name in list_products()
        if find_spec(module := f"leadops.products.{name}.{name}_settings")
    }


def find_section_file(name: str) -> Path:
    """Return the path of the shipped section of a product: NAME.yaml in its folder.

    Raises ConfigError where there is none.
    """
    for folder in products.__path__:
        file = Path(folder) / name / f"{name}.yaml"
        if file.is_file():
            return file
    raise ConfigError(f"the product {name} has settings, and no {name}.yaml beside them")
