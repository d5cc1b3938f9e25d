"""The other sections of a scenario: texts, notes, output and seed, expectations, training."""
