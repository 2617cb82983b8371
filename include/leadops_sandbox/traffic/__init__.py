"""Visitors of a company's web site, from a seed, at a rate, with the rhythm of a working week."""
