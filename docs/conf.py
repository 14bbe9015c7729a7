"""How the documents become pages: `make docs`."""

project = "Dispatcher"
extensions = ["myst_parser"]
html_theme = "alabaster"
html_sidebars = {"**": ["localtoc.html", "searchbox.html"]}
myst_heading_anchors = 4  # documents link each other's headings
