"""The stand-in for the CRM and for the salespeople who use it."""
