"""What movement a person is doing, read by small nets that take one step at a time."""
