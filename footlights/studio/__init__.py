"""Collect, label, train, evaluate, export."""
