"""A graph laid out as boxes and wires, without anything that changes from step to step.

- `folding`: what is in a picture: nodes, and folded groups as one;
- `boxes`: what is written at a node, and how much room it takes;
- `placing`: where the boxes are, so that all of them fit into the room that there is;
- `dot_labels`: the names of boxes of one cell;
- `wires`: what the wires look like in each cell;
- `scene`: all of it, laid out.
"""
