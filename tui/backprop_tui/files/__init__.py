"""Files of scenarios: those that are bundled, how one is opened, watched for changes, and edited."""
