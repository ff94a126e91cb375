"""Commands for the terminal; like the web room they parse, call a service and print."""
