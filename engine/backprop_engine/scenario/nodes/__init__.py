"""What stands under `nodes` and `cells`."""
