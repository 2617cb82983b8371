from tests.delivery_fixture import desk, ma_url

__all__ = ["desk", "ma_url"]
