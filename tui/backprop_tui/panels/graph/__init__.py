"""The graph as a picture: operators in boxes, values above the wires, gradients below, as in lecture figures.

- `appearance`: how nodes and wires look at one position of the run;
- `cell_row`: rows of cells put together;
- `picture`: the scene at one position, as a drawing;
- `viewport`: which part of it is in view;
- `minimap`: all of it in a corner of the panel.

A graph too large to be laid out at once is shown in parts, in the order of computation, until `whole_scene`
has been computed and put into the view. `is_laid_out` says whether a picture is there at once.
"""

from backprop_tui.panels.graph.picture import (
    GraphPicture,
    boxes_shown,
    density_shown,
    graph_picture,
    graph_title,
    is_laid_out,
    node_at,
    shown_scene,
    whole_scene,
    whole_scene_key,
)

__all__ = [
    "GraphPicture",
    "boxes_shown",
    "density_shown",
    "graph_picture",
    "graph_title",
    "is_laid_out",
    "node_at",
    "shown_scene",
    "whole_scene",
    "whole_scene_key",
]
