"""The graph: its nodes, edges, steps, numbers, and building one from Python."""
