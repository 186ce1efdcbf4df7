"""What a shared cache needs beside files: a store elsewhere, and keys that sign what is put there.

Loaded only where a shared cache is configured; its packages are those of the extra `[cache]`.
"""
