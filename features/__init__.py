"""From a raw statement to calibrated confidence, identical offline and online."""
