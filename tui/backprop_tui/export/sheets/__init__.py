"""A run on paper: the worked example as a course prints it, and the same with blanks."""
