"""The question: a study, its device and its data, checked together, and what things cost there."""
