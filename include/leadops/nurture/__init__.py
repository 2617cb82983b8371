"""Nurture by stage: programmes of messages that follow what a lead did, at the right hour and never twice."""
