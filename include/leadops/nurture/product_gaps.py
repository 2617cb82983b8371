"""Which steps of the programmes the MA's product cannot enrol anybody in yet."""

from leadops.nurture.nurture_settings import NurtureSettings
from leadops.products.enrolment import ProgrammeStep
from leadops.products.product import Product


def find_product_gaps(product: Product, settings: NurtureSettings) -> dict[tuple[str, str], str]:
    """Return what is missing in the product's settings, by programme and step; no call is made."""
    gaps = {
        (name, step.name): product.find_enrolment_gap(ProgrammeStep(name, step.name))
        for name, programme in settings.programmes.items()
        for step in programme.steps
    }
    return {place: gap for place, gap in gaps.items() if gap is not None}
