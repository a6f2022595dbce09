"""Classes of one's own from photos: class folders in, a small head on a frozen backbone out."""
