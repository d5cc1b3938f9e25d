"""Scenario files: from text to a graph with its numbers."""
