"""How fast the minute loop is, measured: `python -m benchmarks`."""
