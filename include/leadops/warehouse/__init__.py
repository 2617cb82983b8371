"""Sends the marts to warehouses, hour by hour, and proves every night that both sides are the same."""
