"""Mautic: contacts by batch, points with a name, and the log of points."""
