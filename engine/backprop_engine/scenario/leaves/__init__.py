"""Leaves: numbers as they are written, drawn, or read from data files."""
