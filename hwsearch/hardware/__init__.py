"""Devices as data, and what a workload costs on them; needs no torch.

The rooms, lowest first; each imports only those above it in this list, and a test holds that:

- arrivals: how events fall into timesteps, lists and channels, as counts
- workload: what a candidate makes a device do, as counts
- storage: bytes of a connection in every format
- format_work: instructions of each format, where no core says them
- firmware: what an exported C library does and takes
- limits, neurons, models: what a profile states, as values
- alignment: how many channels may go where a device works off several together
- device: the profile as a value
- arithmetic: whether the integer model computes as the device does
- profiles: a device's YAML, checked, read and shown
- families: how each kind of device stores a network and works it off
- cost_model: workload and device give a cost
- rules: what does not map onto a device, and why
- validation: predicted next to published numbers
"""
