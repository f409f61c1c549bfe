"""From labels to a registered model and its policy."""
