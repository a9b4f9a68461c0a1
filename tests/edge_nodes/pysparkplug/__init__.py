"""An edge node made with pysparkplug 0.6.1 (Apache-2.0)."""
