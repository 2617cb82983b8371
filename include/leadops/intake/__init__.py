"""Forms: a signed submission becomes a raw record, an event, a lead, and requests to the MA and the CRM."""
