"""The facts of a step as columns, stacked formulas, one line, words and transcripts."""
