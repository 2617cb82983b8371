"""Half a year of a made-up company, the same everywhere under one seed but for the day on which it ends."""
