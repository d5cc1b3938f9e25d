"""A graph laid out as boxes and wires, without anything that changes from step to step.

- `folding`: what stands in a picture: nodes, and folded groups as one;
- `boxes`: what is written at a node, and how much room it takes;
- `wires`: what the wires look like in each cell;
- `scene`: all of it, laid out.
"""
