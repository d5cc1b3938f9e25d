"""From what stands under `nodes` to a graph: names resolved, put in order, unrolled, lowered."""
