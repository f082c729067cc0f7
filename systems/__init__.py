"""Reference implementations of papers' systems, each with its recipes and its weights."""
