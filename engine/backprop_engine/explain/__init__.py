"""A frame in words and formulas, as lines whose parts carry a role instead of a colour."""
