"""Dances from videos and motion capture, and the model that learns from them."""
