"""The network: topology, a trainable stack of candidates, the integer machine model."""
