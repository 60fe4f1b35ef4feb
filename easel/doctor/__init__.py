"""Whether an environment is ready to draw, and what to do where it is not."""
