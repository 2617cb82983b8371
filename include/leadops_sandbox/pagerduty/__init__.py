"""The stand-in for PagerDuty: its Events API v2, and a list of what it shows to people."""
