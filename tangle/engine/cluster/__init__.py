"""Sections on the workers of a Dask cluster; imported only when `--executor dask` asks for it."""
