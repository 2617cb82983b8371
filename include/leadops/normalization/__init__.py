"""Text from outside: cleaned, compared, used as a key, shown. Pure functions."""
