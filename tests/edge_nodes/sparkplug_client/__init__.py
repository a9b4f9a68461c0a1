"""An edge node made with sparkplug-client 3.2.4 for Node.js (EPL-2.0)."""
