"""The app without a terminal: one screen of it, or all of a run, one after the other."""
