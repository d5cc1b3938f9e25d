"""Recorded runs: recording one, recomputing it after a change, and the iterations of a training."""
