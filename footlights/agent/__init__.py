"""The device's side of the hub."""
