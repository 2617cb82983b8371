"""Half a year of a simulated company, the same everywhere under one seed but for the day on which it ends."""
