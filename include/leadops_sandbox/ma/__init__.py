"""The stand-in for the marketing-automation tool."""
