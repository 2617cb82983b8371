"""The same world behind the routes, limits and faults of real products."""
