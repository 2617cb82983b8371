"""Takes what comes in at once, between the minutes: a live lane runs the same stages in small rounds."""
