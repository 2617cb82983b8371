"""What the leads cost and what they bring."""
