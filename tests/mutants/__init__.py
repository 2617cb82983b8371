"""Mutants of the code that decides: each small change must fail a test of its room. See README.md."""
