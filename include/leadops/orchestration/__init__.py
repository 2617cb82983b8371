"""The only room that knows Airflow: connections, DAG defaults, callbacks, and the body of each task."""
