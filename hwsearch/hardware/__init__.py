"""Devices as data, and what a workload costs on them; needs no torch.

Modules and rooms, lowest first; each imports from those before it only::

    workload    counts of a network, before any device prices them
    storage     bytes of a layer's weights in every format
    limits      limits of toolchains, skip lists of a role
    neurons     how a device's neurons compute
    models      what each family's profile adds
    device      a device as a value: `HardwareProfile`
    arithmetic  whether the integer model computes as a device does
    families/   how each kind of device stores a network and works it off
    cost_model  `price`: a workload on a device -> `Cost`
    rules/      what does not map onto a device, and why
    profiles/   a device's YAML: found, checked, read, shown
    validation/ predicted costs against published ones
"""
