"""Signals: reading, writing and measuring sound and pictures, and the files that hold them.

Contents: `audio` (sound), `video` (frames), `files` (safe writing, locks, digests).
"""
