"""The settings of products (products.yaml): a section for each product that has any, made by its folder."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import create_model

from leadops.products.product_folders import find_section_file, find_settings_models
from leadops.settings import Endpoint, Settings


class ProductsSettings(Settings):
    """products.yaml. A section has the name of its product; which there are is what the folders say."""

    if TYPE_CHECKING:

        def __getattr__(self, product: str) -> Any: ...

    @classmethod
    def find_parts(cls) -> tuple[Path, ...]:
        """Return the files of the sections, each in the folder of its product."""
        return tuple(map(find_section_file, cls.model_fields))


def find_products_settings() -> type[ProductsSettings]:
    """Return the model of products.yaml, with a field for each product that has settings."""
    return _make_model(tuple(find_settings_models().items()))


@cache
def _make_model(sections: tuple[tuple[str, type[Settings]], ...]) -> type[ProductsSettings]:
    fields: dict[str, Any] = {name: (model, ...) for name, model in sections}
    return create_model("ProductsSettings", __base__=ProductsSettings, **fields)


def add_product_settings(endpoint: Endpoint, products: ProductsSettings) -> Endpoint:
    """Return `endpoint` with the section of the product that its connection names, if that has one."""
    name = endpoint.extra.get("product")
    if not isinstance(name, str) or name not in type(products).model_fields:
        return endpoint
    return endpoint.model_copy(update={"product_settings": getattr(products, name)})
