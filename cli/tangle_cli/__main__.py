"""`python -m tangle_cli` is `tangle`."""

from tangle_cli.start import main

main()
