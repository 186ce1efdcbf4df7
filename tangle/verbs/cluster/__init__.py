"""Runs on a Dask cluster; imported only when `--executor dask` asks for one."""
