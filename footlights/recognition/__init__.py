"""What people in the picture are doing."""
