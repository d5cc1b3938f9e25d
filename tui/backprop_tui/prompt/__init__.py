"""The prompt: lines that are typed, in the app and in scripts. It knows no screen."""
