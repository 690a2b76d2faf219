"""What is made of a run that is written down: its answer, networks recovered, the front on another device."""
