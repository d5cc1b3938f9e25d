"""Drawing numbers in cells: axes, a grid of dots, charts. Pure functions; they know no run and no screen."""
