"""JupyterLab opens pages as notebooks: what `ServerApp.contents_manager_class` names."""

from tangle.jupyter.contents import ContentsManager

__all__ = ["ContentsManager"]
