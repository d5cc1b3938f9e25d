"""What is under `nodes` and `cells`."""
