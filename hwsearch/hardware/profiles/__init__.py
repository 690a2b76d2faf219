"""A device's YAML: found (`load`), checked (`schema`), read into a `HardwareProfile` (`read`), shown, begun anew."""
