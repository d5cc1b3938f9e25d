"""What the terminal wing says of mistakes, in every language but English: one module a language."""
