"""YAML text to a tree with places, and the mistakes in it."""
