"""What the engine says of mistakes, in every language but English: a package a language, a file a room."""
