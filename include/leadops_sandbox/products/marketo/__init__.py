"""Marketo Engage: leads by the hundred, activities by paging token, 200 for nearly everything."""
