"""What a candidate costs and knows, after it was trained."""
