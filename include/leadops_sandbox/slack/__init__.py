"""The stand-in for Slack: its Web API, its incoming webhook, and a page to read the channels."""
