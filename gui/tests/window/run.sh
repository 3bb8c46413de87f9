#!/usr/bin/env bash
# The story of the dashboard in a real window, with a session bus of its own, over which its labels are read.
set -euo pipefail
cd "$(dirname "$0")/../../.."

# In the profile of `cargo demo`, so that nothing is built twice.
cargo build --locked --profile demo --package countersign-gui --package countersign-cli
export -n DISPLAY
exec dbus-run-session -- bash -euo pipefail -c '
    /usr/libexec/at-spi-bus-launcher --launch-immediately 2>/dev/null &
    bus=$!
    trap "kill $bus 2>/dev/null || true" EXIT
    until gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
        --method org.freedesktop.DBus.Properties.Set org.a11y.Status IsEnabled "<true>" >/dev/null 2>&1; do
        sleep 0.1
    done
    /usr/bin/python3 gui/tests/window/story.py
'
