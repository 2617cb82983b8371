"""The whole stack on one machine: install it, write its secrets, start it, watch it, stop it."""
