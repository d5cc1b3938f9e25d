"""What may be wrong with a recorded step, a kind of trouble a function."""
