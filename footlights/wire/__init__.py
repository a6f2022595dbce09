"""What device and hub say to each other."""
