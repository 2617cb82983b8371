"""The products by name: each is one folder of this room, and is imported when a connection chooses it."""

from importlib import import_module
from typing import cast

from leadops.errors import ConfigError
from leadops.products.product import Product
from leadops.products.product_folders import list_products
from leadops.settings import Endpoint

#: What a connection that names no product speaks: our own contract.
DEFAULT_PRODUCT = "generic"


def load_product(name: str, endpoint: Endpoint | None = None) -> Product:
    """Return the product of that name as `endpoint` sets it.

    A product with settings has `make_product(endpoint)` in its module, another PRODUCT. Raises ConfigError:
    an unknown name, with those that there are; or what is missing in the settings.
    """
    if name not in list_products():
        raise ConfigError(f"no product {name!r}: name one of {', '.join(list_products())}")
    module = import_module(f"leadops.products.{name}.{name}_product")
    make = getattr(module, "make_product", None)
    return cast(Product, make(endpoint or Endpoint(base_url="")) if make else module.PRODUCT)


def are_one_system(ma: Endpoint, crm: Endpoint) -> bool:
    """Return whether a lead has the same id in the MA and in the CRM: one account of one product."""
    accounts = [(end.base_url, end.extra.get("product"), end.extra.get("database")) for end in (ma, crm)]
    return accounts[0] == accounts[1] and choose_product(crm).has_one_id


def choose_product(endpoint: Endpoint) -> Product:
    """Return the product that the connection's extra names, such as {"product": "generic"}.

    Raises ConfigError where it names none that leadops has, or where the product refuses its settings.
    """
    name = endpoint.extra.get("product") or DEFAULT_PRODUCT
    try:
        return load_product(name if isinstance(name, str) else repr(name), endpoint)
    except ConfigError as error:
        raise ConfigError(f"the connection to {endpoint.base_url}, extra: {error}") from None
