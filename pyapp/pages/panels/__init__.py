"""What pages show, where that does not fit into the page's own module: a tuple PANELS each, named as the page."""
