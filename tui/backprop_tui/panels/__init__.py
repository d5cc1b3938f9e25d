"""The panels of the debugger: pure functions from a view and a size to a drawing."""
