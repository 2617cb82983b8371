"""A year of a company, played in minutes: what grows, and whether a minute costs more at its end."""
