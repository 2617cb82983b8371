"""Attribution: which marketing touch gets how much of a conversion."""
