"""The settings of products (products.yaml): a section for each product that has any, made by its folder."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError, create_model

from leadops.errors import ConfigError
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
    """Return `endpoint` with the section of the product that its connection names, if that has one.

    Steps of programmes that the connection's extra names (`steps`) count before those of the section: their
    ids are those of one account. Raises ConfigError: they have another shape.
    """
    name = endpoint.extra.get("product")
    if not isinstance(name, str) or name not in type(products).model_fields:
        return endpoint
    section: Settings = getattr(products, name)
    enrolments, steps = getattr(section, "enrolments", None), endpoint.extra.get("steps")
    if enrolments and steps:
        try:
            section = section.model_copy(update={"enrolments": enrolments.add_steps(steps)})
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"]))
            raise ConfigError(
                f"the connection to {endpoint.base_url}, extra: {place}: {fault['msg']}"
            ) from None
    return endpoint.model_copy(update={"product_settings": section})
