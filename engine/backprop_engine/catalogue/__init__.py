"""The catalogue of operators: what the table of operators says about each, for people and for programs."""
