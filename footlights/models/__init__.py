"""Weights and the runtimes that run them."""
