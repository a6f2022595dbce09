"""Training and scoring of the movement nets, on sequences that the motion library generates."""
