"""The facts of a step as one value, in every language and of no width: what each way to show it renders."""
