"""`python -m tangle_cli` is `tangle`."""

from tangle_cli.main import main

main()
