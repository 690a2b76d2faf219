"""The documentation as a site: `sphinx-build -W -b html -c docs . build/site` from the project's root.

The pages are the Markdown files of the project, where they lie: links work on the site as they do among the files.
"""

project = "hwsearch"
author = "the hwsearch contributors"
html_show_copyright = False
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "README.md", "README.ja.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md",
    "benchmarks/README.md", "benchmarks/results/*.md",
    "benchmarks/tabular/README.md",
]  # fmt: skip
myst_heading_anchors = 4
html_theme = "furo"
html_title = "hwsearch"
html_show_sourcelink = False
suppress_warnings = ["misc.highlighting_failure"]  # diagrams in mermaid, which stand as text
pygments_style = "friendly"
