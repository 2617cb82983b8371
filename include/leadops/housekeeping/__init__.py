"""What keeps a year from filling tables and disks: old rows and logs go, and space is measured."""
