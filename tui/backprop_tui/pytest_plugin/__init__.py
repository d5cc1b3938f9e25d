"""What the pytest plugin does once there is a scenario to collect or a screen to draw."""
