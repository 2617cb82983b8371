"""A simulated visitor goes through every door every few minutes; each hop's time is on record."""
