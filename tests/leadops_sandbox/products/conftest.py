"""A sandbox that is also a product, for callers that speak the product's language."""

from collections.abc import Callable

import pytest

from ..conftest import Running

Serve = Callable[..., Running]


@pytest.fixture
def serve(sandbox: Running) -> Serve:
    """Start the sandbox as a product; options are those of `create_app`, `settings` the product's."""

    def start(product: str, *, settings: dict[str, object] | None = None, **options: object) -> Running:
        sandbox.restart(product=product, **options)
        if settings:
            assert sandbox.admin("POST", "/_settings", {"product": settings}).status_code == 200
        return sandbox

    return start
