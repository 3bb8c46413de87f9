#!/usr/bin/env bash
# The demo in a real window, under Xvfb and driven by xdotool. Screenshots land in target/screenshots.
#
#   gui/tests/window.sh [PROGRAM]      by default what `cargo demo` builds
#
# Proves that the window opens, that its graphs move, that an order is placed through the form and answered,
# and that a failing call shows its code in red. Whether it is beautiful is for people to see.
set -euo pipefail
cd "$(dirname "$0")/../.."
shots=${CARGO_TARGET_DIR:-target}/screenshots
program=${1:-${CARGO_TARGET_DIR:-target}/demo/countersign-gui}
home=$(mktemp -d)
mkdir -p "$shots"

if [ $# = 0 ]; then
    cargo build --profile demo --package countersign-gui --bin countersign-gui --locked
fi

# A display of our own, and no trace of this user's settings. Xvfb says which number it took.
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$home/display" 2>"$home/xvfb.log" &
xvfb=$!
gui=
trap 'kill $gui $xvfb 2>/dev/null; wait; rm -rf "$home"' EXIT
until [ -s "$home/display" ]; do
    kill -0 "$xvfb"
    sleep 0.1
done
DISPLAY=:$(cat "$home/display")
export DISPLAY LIBGL_ALWAYS_SOFTWARE=1 HOME=$home XDG_CONFIG_HOME=$home XDG_DATA_HOME=$home
unset WAYLAND_DISPLAY WAYLAND_SOCKET

"$program" --demo >"$home/out" 2>"$home/err" &
gui=$!
window=$(timeout 60 xdotool search --sync --onlyvisible --name '^Countersign$' | head -n 1)
xdotool windowfocus --sync "$window"

fail() {
    echo "window.sh: $*" >&2
    import -window root "$shots/failed.png"
    cat "$home/out" "$home/err" >&2
    exit 1
}

# How many pixels of a region have nearly this colour.
count() {
    import -window root -crop "$1" +repage png:- |
        convert png:- -fuzz 12% -fill black +opaque "$2" -fill white -opaque "$2" \
            -format '%[fx:int(mean*w*h)]' info:
}

# Waits until a region has a few pixels of this colour.
wait_for() {
    for _ in {1..100}; do
        if [ "$(count "$2" "$3")" -ge 8 ]; then return; fi
        kill -0 "$gui" || fail "the window has gone"
        sleep 0.2
    done
    fail "waited in vain for $1"
}

shoot() {
    import -window root "$shots/$1.png"
    echo "$shots/$1.png"
}

# Filters the list down to one procedure and selects it: the first row is its service.
select_procedure() {
    xdotool key ctrl+f
    sleep 0.3
    xdotool type "$1"
    sleep 0.5
    xdotool mousemove 60 114 click 1
    sleep 0.5
}

verdict=420x24+850+46
graphs=1280x180+0+610
green='#4cc38a'
red='#f47c7c'

wait_for "a latency on the graph" "$graphs" '#4c9ffe'
import -window root -crop "$graphs" +repage "$home/before.png"
sleep 2.5
import -window root -crop "$graphs" +repage "$home/after.png"
moved=$(compare -metric AE "$home/before.png" "$home/after.png" null: 2>&1 || true)
[ "${moved%% *}" != 0 ] || fail "the graphs stand still"

select_procedure "orders place"
xdotool key ctrl+e
sleep 0.3
xdotool mousemove 550 238 click 1
xdotool key ctrl+a
xdotool type "Ada King"
xdotool key ctrl+Return
wait_for "the receipt of an order" "$verdict" "$green"
sleep 4
shoot order-dark

select_procedure "fault fail"
xdotool mousemove 550 113 click 1
xdotool key ctrl+a
xdotool type "RESOURCE_EXHAUSTED"
xdotool mousemove 550 162 click 1
xdotool key ctrl+a
xdotool type "too many cups at once"
xdotool key ctrl+Return
wait_for "the code of a failed call" "$verdict" "$red"
xdotool key ctrl+f
sleep 0.3
xdotool key BackSpace
# The server's counters come once a second.
sleep 6
shoot fault-dark

xdotool key ctrl+t
sleep 1
shoot fault-light
xdotool key ctrl+i
sleep 1
shoot details-light

kill -0 "$gui" || fail "the window has gone"
if grep -q panicked "$home/err"; then fail "something panicked"; fi
kill "$gui"
wait "$gui" || [ $? = 143 ] || fail "the dashboard did not end as it was told"
gui=
echo "the dashboard works in a window"
