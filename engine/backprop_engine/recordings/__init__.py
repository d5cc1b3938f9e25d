"""Runs that were recorded elsewhere, as a folder of files: what they say, and reading them."""
