"""The graph as a picture: operators in boxes, values above the wires, gradients below, as in lecture figures.

The rooms, from the graph to the cells of a row:

- `folding`: what stands in it: nodes, and folded groups as one;
- `labels` and `units`: what is written at a node, and how much room it takes;
- `scene`: the fixed part, which depends on the run alone, so that nothing moves while one steps;
- `choosing`: all of it, or a part where that would take too long;
- `buses`: what very many use, as one wire with branches;
- `wires`: what the wires look like in each cell, drawn only where somebody looks;
- `moment`: what is known, active and still ahead at one position;
- `marks` and `boxes`: how a node is drawn;
- `cells`: rows of cells put together;
- `picture`: all of it at one position, as a drawing;
- `framing`: which part of it is in view;
- `minimap`: all of it in a corner of the panel.

A graph too large to be laid out while one waits is shown in stretches of the order of computing, until
somebody has worked out `whole_scene` and put it into the view.
"""

from backprop_tui.panels.graph.choosing import whole_scene, whole_wanted
from backprop_tui.panels.graph.picture import GraphPicture, graph_picture, graph_title, node_at
from backprop_tui.panels.graph.scene import Scene, Whole

__all__ = [
    "GraphPicture",
    "Scene",
    "Whole",
    "graph_picture",
    "graph_title",
    "node_at",
    "whole_scene",
    "whole_wanted",
]
