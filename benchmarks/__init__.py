"""Ratios against peers and against ourselves, measured in one run on the same book."""
