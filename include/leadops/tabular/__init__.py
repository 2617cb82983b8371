"""Files of rows: CSV, cells, numbers and times, read the same way by the replay of events and by imports."""
