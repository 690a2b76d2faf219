"""A finished run's files as tables, figures and one page: ``read_run``, ``write_front_png``, ``write_report``.

Reads the run folder and nothing else; trains and prices nothing, and loads no torch.
"""
