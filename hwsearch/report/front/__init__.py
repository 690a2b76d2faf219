"""The front to play with: what a reader of the page can look at, choose and copy. `section.front_section` is all of it.

The numbers are put together here, in Python; the script only shows them.
"""
