"""Networks of other frameworks by their NIR graphs: read, checked, told in populations and connections."""
