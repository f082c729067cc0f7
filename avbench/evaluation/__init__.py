"""Runs: what happens when a system sits a task, its record on disk, and what may be concluded from it."""
