from tests.desk import desk, ma_url

__all__ = ["desk", "ma_url"]
