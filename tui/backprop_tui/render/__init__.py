"""The facts of a step as equations, formulas, sentences and transcripts."""
