"""Writing a scenario as YAML."""
