"""From what is under `nodes` to a graph: names resolved, put in order, unrolled, lowered."""
