"""The viewer of a node's tensors: what it shows, and where its reader is in it."""
