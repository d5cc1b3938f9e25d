"""Every message for people, in every language."""
