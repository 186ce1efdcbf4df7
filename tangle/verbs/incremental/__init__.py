"""Problems and results of units, worked out again only where an edit can have changed them."""
