"""Data sets: what is said, by whom, and where its sound and pictures come from."""
