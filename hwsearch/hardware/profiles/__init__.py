"""A device's YAML: its schema, read into a `HardwareProfile`, shown."""
