"""The tests mirror the source; `integration/` runs against real servers, `servers/` starts them."""
