"""Plots: a run from afar. They show what has been computed; nothing is computed for them."""
