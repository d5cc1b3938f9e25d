"""The graph: nodes, edges and steps, the values of its leaves, and building one from Python."""
