"""What does not map onto a device, and why."""
