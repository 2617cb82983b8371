"""Salesforce Sales Cloud: leads, converted contacts, tasks, events, history and users."""
