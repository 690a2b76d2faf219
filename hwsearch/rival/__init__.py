"""A plain network of the same question: ReLU instead of spikes, the same data, budgets, formats and device.

What a spiking network is held against. `search` tries a few dozen (`search.rivals`), `integers` is what they compute,
`price` what they cost. Fully connected: a convolutional or recurrent plain network is not tried.
"""
