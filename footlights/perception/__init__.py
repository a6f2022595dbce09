"""Who and what is in the picture."""
