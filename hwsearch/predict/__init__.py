"""What a candidate will cost, before it is trained."""
