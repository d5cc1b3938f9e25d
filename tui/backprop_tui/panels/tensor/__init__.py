"""The viewer of a node's tensors: what it shows, and where the user is in it."""
