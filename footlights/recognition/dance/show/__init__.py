"""The show around a dance: dancers, hall, lights and camera, drawn frame by frame."""
