"""Text, numbers and tensors in terminal cells; the lowest floor of the terminal, which knows no debugger."""
