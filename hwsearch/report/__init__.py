"""A finished run's files as tables, figures and one page: ``write_pages``.

Reads the run folder and nothing else; trains and prices nothing, and loads no torch.
"""
