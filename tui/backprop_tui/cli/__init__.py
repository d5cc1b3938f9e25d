"""The command line: one module for each subcommand, with `add_arguments` and `run`."""
