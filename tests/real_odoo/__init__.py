"""A real Odoo 14 in a folder of its own: what leadops says about Odoo is compared with what Odoo does."""
