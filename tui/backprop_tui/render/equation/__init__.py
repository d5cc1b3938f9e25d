"""The equation of a step, laid out in columns."""
