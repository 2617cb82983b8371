"""Faults on demand: what can go wrong between two systems, made to happen."""
