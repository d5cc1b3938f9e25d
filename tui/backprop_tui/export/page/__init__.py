"""A run as one page of HTML that needs nothing else: to step through it by keys, buttons and a slider.

- `formula`: what is set as a formula, as MathML;
- `equation`: the equation of a step, its tensors as numbers or heatmaps;
- `pool`: data that holds each thing once;
- `graph`: the graph as SVG, and how it changes from step to step;
- `steps`: everything that is said about each step, in every language;
- `page`: all of it in one file, from the templates in `static`.

Nothing of a scenario is ever markup or script: it is data, which the page's own script writes as text.
"""
