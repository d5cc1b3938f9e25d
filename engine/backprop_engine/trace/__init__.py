"""A recorded run: recording it, again after a change, over the iterations of a training."""
