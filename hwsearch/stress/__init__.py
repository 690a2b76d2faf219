"""What a network loses under disturbances of its inputs and of the chip, next to the dense network it was cut from."""
