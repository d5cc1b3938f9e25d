"""Local gradients, windows of Jacobians, and numeric checks of both."""
