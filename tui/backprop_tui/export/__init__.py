"""The screen as files: text, and pictures."""
