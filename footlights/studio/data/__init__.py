"""Data sets as others publish them, made ready for training."""
