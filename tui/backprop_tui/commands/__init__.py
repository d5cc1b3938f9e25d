"""Every command of the debugger, once: what it runs, its keys, how it is typed, and its help."""
