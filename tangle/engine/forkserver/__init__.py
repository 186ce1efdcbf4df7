"""The fork server: processes that have imported what sections import, and fork workers."""
