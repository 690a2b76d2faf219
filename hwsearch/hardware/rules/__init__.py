"""What does not map onto a device, and why: `check.violations` goes through every rule."""
