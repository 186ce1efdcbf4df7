"""The notes as a site: pages, search, feeds. Functions from values to values."""
