"""The settings of products (config/products.yaml): a section for each product that has any."""

from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.marketo.marketo_settings import MarketoSettings
from leadops.products.mautic.mautic_settings import MauticSettings
from leadops.products.odoo.odoo_settings import OdooSettings
from leadops.products.salesforce.salesforce_settings import SalesforceSettings
from leadops.settings import Endpoint, Settings


class ProductsSettings(Settings):
    """config/products.yaml. A section has the name of its product."""

    hubspot: HubSpotSettings
    marketo: MarketoSettings
    mautic: MauticSettings
    salesforce: SalesforceSettings
    odoo: OdooSettings


def add_product_settings(endpoint: Endpoint, products: ProductsSettings) -> Endpoint:
    """Return `endpoint` with the section of the product that its connection names, if that has one."""
    name = endpoint.extra.get("product")
    if not isinstance(name, str) or name not in ProductsSettings.model_fields:
        return endpoint
    return endpoint.model_copy(update={"product_settings": getattr(products, name)})
