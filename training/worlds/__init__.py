"""Labelled synthetic worlds beside the main one, written apart from it, and the cut of a book in time."""

from training.worlds.split import split

__all__ = ["split"]
