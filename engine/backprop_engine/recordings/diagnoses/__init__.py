"""What may be wrong with a recorded step: one function for each kind of trouble."""
