"""The body of each task: one function a task, named by its task_id; it takes its run and returns counts.

Nothing here imports Airflow, so that the command line runs the same functions.
"""
