"""Runs the stages: what a run is, the body of each task, and, apart from them, all that knows Airflow."""
