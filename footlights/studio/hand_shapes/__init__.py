"""Training of the net that knows hand shapes. What needs PyTorch is in `recipe`."""
