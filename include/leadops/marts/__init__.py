"""Marts: the tables that leadops publishes, with their contract, and the versions that follow one another."""
