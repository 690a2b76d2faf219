"""A device's YAML file: found, checked, read into a `HardwareProfile`, shown.

`load` is the way in. A file's shape is in `quantities` (a number with its unit and evidence), `sections` (what every
device has), `model_sections` (what its family adds) and `schema` (the whole); `read` turns it into the value, `show`
into text; `skeleton` is a file to start from. Not for what the numbers mean: `device`, `models`.
"""
