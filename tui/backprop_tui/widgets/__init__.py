"""Widgets: thin, each a function of the lines it is given."""
