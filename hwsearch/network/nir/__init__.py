"""Networks of other frameworks, by their NIR graphs: read, checked, and told in this project's populations and connections."""
