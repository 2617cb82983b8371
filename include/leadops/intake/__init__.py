"""Forms: a signed submission becomes a raw record, an event, a lead, and wishes for the MA and the CRM."""
