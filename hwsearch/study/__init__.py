"""A study file in, a checked value out (``model``), and the name of its results (``digest``).

``yaml_border`` reads every YAML file of the package. Not for what needs a profile or data: those laws are
checked where profile and data are known.
"""
