"""What the generated package starts from: modules that are copied into it, names filled in."""
