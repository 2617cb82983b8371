"""Stand-ins for the MA, the CRM and Slack, with faults on demand, and the visitors of a web site."""
