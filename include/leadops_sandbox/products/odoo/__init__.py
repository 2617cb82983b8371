"""Odoo CRM: leads, users, stages and messages behind JSON-RPC and JSON-2."""
