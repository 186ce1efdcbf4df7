"""The HTTP interface: jobs, events and the live site, for programs on this machine."""
