"""Plots: what a run looks like from afar. They show what is computed; nothing is computed for them."""
