"""One file per exercise; registry.py says where each stands in the course."""
