"""What several test modules build their small inputs of."""
