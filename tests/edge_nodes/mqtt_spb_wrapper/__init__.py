"""An edge node made with mqtt-spb-wrapper 2.1.2 (EPL-2.0)."""
