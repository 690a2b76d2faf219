"""One module a family of devices: how it stores a network and what working it off takes.

Each has one public function ``<family>(workload, profile, model) -> Parts``; `hwsearch.hardware.cost_model` picks it
by the class of the profile's model. No device's name or number is in here: those are in the profiles.
"""
