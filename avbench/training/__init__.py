"""Training: a recipe, batches that are pure functions of the step, and one loop that can be killed and resumed."""
