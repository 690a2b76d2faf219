"""Whether the world has drifted from what a network was validated on, told from what the network does: no labels."""
