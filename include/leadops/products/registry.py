"""The products by name: each is one folder of this room, and is imported when a connection chooses it."""

import pkgutil
from importlib import import_module
from typing import cast

from leadops import products
from leadops.errors import ConfigError
from leadops.products.product import Product
from leadops.settings import Endpoint

#: What a connection that names no product speaks: our own contract.
DEFAULT_PRODUCT = "generic"


def list_products() -> list[str]:
    """Return the names of all products, in order."""
    return sorted(module.name for module in pkgutil.iter_modules(products.__path__) if module.ispkg)


def load_product(name: str) -> Product:
    """Return the product of that name; raise ConfigError, which names those that there are."""
    if name not in list_products():
        raise ConfigError(f"no product {name!r}: name one of {', '.join(list_products())}")
    return cast(Product, import_module(f"leadops.products.{name}.{name}_product").PRODUCT)


def choose_product(endpoint: Endpoint) -> Product:
    """Return the product that the connection's extra names, such as {"product": "generic"}.

    Raises ConfigError where it names none that leadops has.
    """
    name = endpoint.extra.get("product") or DEFAULT_PRODUCT
    try:
        return load_product(name if isinstance(name, str) else repr(name))
    except ConfigError as error:
        raise ConfigError(f"the connection to {endpoint.base_url}, extra: {error}") from None
