"""Training and scoring of the emotion model. What needs PyTorch is in modules of its own."""
