"""Everything that is said to people, in every language."""
