"""The Lead ops page: read-only pages about leads, funnel, threshold and delivery for the Airflow UI."""
