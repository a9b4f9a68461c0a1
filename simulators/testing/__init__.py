"""What a user's own tests need: a broker that is there, and a plant that lives on it; `simulators.pytest_plugin`."""
