"""What sets up, builds and documents the project; no part of the product."""
