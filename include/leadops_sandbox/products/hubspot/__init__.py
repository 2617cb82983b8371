"""HubSpot: contacts as leads, engagements as activities, owners as salespeople."""
