#!/usr/bin/env bash
# The dashboard in a real window under Xvfb, driven by keyboard and mouse. What it claims is asked of the server;
# how it looks is for people to see, in target/screenshots.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
countersign=$target/demo/countersign
shots=$target/screenshots
scratch=$(mktemp -d)
mkdir -p "$shots"

# --- Processes, by name; whatever happens, none outlives this script

declare -A running
end_all() {
    if ((${#running[@]})); then
        kill "${running[@]}" 2>/dev/null
        sleep 1
        kill -KILL "${running[@]}" 2>/dev/null
        wait
    fi
    rm -rf "$scratch"
}
trap 'set +e; end_all' EXIT

fail() {
    trap - ERR
    echo "window.sh: $*" >&2
    if [ "${window-}" ]; then picture "$everything" "$shots/failed.png" || true; fi
    tail -n 20 "$scratch"/*.log >&2
    exit 1
}
trap 'fail "line $LINENO failed: $BASH_COMMAND"' ERR

# within SECONDS WHAT COMMAND…: waits until the command succeeds.
within() {
    local end=$((SECONDS + $1)) what=$2 name
    until "${@:3}"; do
        ((SECONDS < end)) || fail "waited in vain for $what"
        for name in "${!running[@]}"; do
            kill -0 "${running[$name]}" 2>/dev/null || fail "$name ended; $what did not come"
        done
        sleep 0.05
    done
}

# start NAME COMMAND…
start() {
    "${@:2}" >"$scratch/$1.log" 2>&1 &
    running[$1]=$!
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

# end NAME SIGNAL STATUS: ends a process, and checks how it took that.
end() {
    local process=${running[$1]} status=0
    unset "running[$1]"
    kill "-$2" "$process"
    [ "$2" = KILL ] || within 10 "the end of $1" is_gone "$process"
    wait "$process" 2>/dev/null || status=$?
    ((status == $3)) || fail "$1 ended with $status, and not with $3"
    ! grep -n panicked "$scratch/$1.log" || fail "something panicked in $1"
}

# --- What can be seen

title() { xdotool getwindowname "$window"; }
title_has() { [[ $(title) == *"$1"* ]]; }

picture() { import -window root -crop "$1" +repage "${2:-png:-}"; }

# How many pixels of a region have this colour, or nearly.
count() {
    picture "$1" | convert - -fuzz 8% -fill black +opaque "$2" -fill white -opaque "$2" \
        -format '%[fx:int(mean*w*h+0.5)]' info:
}
shows() { (($(count "$1" "$2") >= ${3:-12})); }
misses() { (($(count "$1" "$2") == 0)); }
differs() { ! picture "$1" | compare -metric AE - "$2" null: 2>/dev/null; }
is_light() { [ "$(picture "$everything" | convert - -format '%[fx:mean>0.5]' info:)" = 1 ]; }

# A picture for people. That it is not blank, we can see for ourselves.
shoot() {
    picture "$everything" "$shots/$1.png"
    local colors
    colors=$(identify -format %k "$shots/$1.png")
    ((colors > 100)) || fail "$1.png has only $colors colours"
    echo "  $shots/$1.png"
}

# The frame of the field that has the cursor; the keys that come before it are lost.
has_cursor() { shows "$1" "$accent" 300; }

everything=1280x800+0+0
filter=270x40+0+40
form=570x460+270+40
message=270x60+418+140 # of demo.Fault/fail, below its code
street=250x24+425+330 # of demo.Orders/place
commands=420x510+430+40
reply=440x60+840+40
item=270x30+280+216 # of demo.Chat/room, to send
items=420x380+850+150
item_row=300x20+950+190
counts=200x18+850+78 # of a stream
new_name=480x40+140+264 # of an identity to be made
made=610x40+640+84 # who it is, above the rest
graphs=1280x200+0+600
errors=300x180+646+610
load=256x62+1000+612 # calls per second, without the legend
just_now=20x62+1236+612 # the last five seconds of the load
# The dark palette of gui/src/ui/theme.rs, and the accent of the one that is shown.
green='#4cc38a' red='#f47c7c' blue='#4c9ffe' purple='#d7a6ff' number='#8cc4ff' ink='#dde2ea' accent=$blue

# --- What can be done

# The window of the program that was just started. There is no window manager: we give it the keyboard.
find_window() {
    has_window() { window=$(xdotool search --limit 1 --onlyvisible --name Countersign 2>/dev/null) && [ "$window" ]; }
    within 30 "a window" has_window
    xdotool windowfocus --sync "$window"
}

retype() { xdotool key ctrl+a type "$1"; }

open_procedure() {
    xdotool key ctrl+f
    within 5 "the cursor in the filter" has_cursor "$filter"
    retype "$1"
    xdotool key Return
    within 5 "$1" title_has "$1 · "
    within 5 "the cursor in the form" has_cursor "$form"
}

fill_in_order() {
    open_procedure demo.Orders/place
    xdotool key ctrl+e
    within 5 "the example" shows "$street" "$ink"
    retype "$1"
}

# Clicks the only large thing above the graphs that has the colour of what can be pressed.
click_call() {
    local place across down
    place=$(picture 1280x560+0+0 | convert - -fill black +opaque "$accent" -fill white -opaque "$accent" \
        -morphology Open Rectangle:12x12 -trim -format '%[fx:page.x+w/2] %[fx:page.y+h/2]' info:)
    read -r across down <<<"$place"
    xdotool mousemove "$across" "$down" click 1
}

# --- What the server says of it

server_says() {
    local answer
    answer=$("$countersign" call "$address" "$1" "$2" --identity "$identity" --json) || return
    grep -q "$3" <<<"$answer"
}
ordered() {
    server_says demo.Orders/find "{\"customer\": \"$1\"}" "\"placed_by\":\"[^\"]*/dashboard\".*\"name\":\"$1\""
}
has_failed() { server_says countersign.Stats/get {} "\"demo.Fault/fail\",[^}]*\"errors\":{[^}]*\"$1\":1[,}]"; }
# What the server counts of the ticks that it is sending.
ticks() { server_says countersign.Stats/get {} "\"demo.Clock/ticks\",[^}]*$1"; }
# Twice: we are the dashboard, too.
is_connected() { server_says countersign.Connections/list {} '/dashboard".*/dashboard"'; }

# --- The story

# In the profile of `cargo demo`, so that nothing is built twice.
cargo build --locked --profile demo --package countersign-gui --package countersign-cli

SECONDS=0
start xvfb Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$scratch/display"
within 20 "a display" test -s "$scratch/display"
DISPLAY=:$(<"$scratch/display")
export DISPLAY LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY WAYLAND_SOCKET
# Nobody's settings are read, and the demo's keys are where we can look for them.
export XDG_CONFIG_HOME=$scratch XDG_DATA_HOME=$scratch TMPDIR=$scratch

echo "The demo in a window:"
start demo cargo demo
find_window
within 20 "the procedures" title_has " · 127.0.0.1:"
address=$(title | grep -o '127\.0\.0\.1:[0-9]*')
identity=$(compgen -G "$scratch/countersign-demo-*/dashboard")

within 20 "a graph of the load" shows "$load" "$blue"
picture "$graphs" "$scratch/before.png"
within 5 "moving graphs" differs "$graphs" "$scratch/before.png"

fill_in_order "Grace Hopper"
xdotool key ctrl+Return
within 5 "the order in the server's book" ordered "Grace Hopper"
within 5 "the receipt" shows "$reply" "$green"
shoot order-dark

if shows "$errors" "$purple"; then fail "the graph shows our error before we make it"; fi
open_procedure demo.Fault/fail
retype ABORTED
xdotool key Tab
within 5 "the cursor in the next field" has_cursor "$message"
retype "a storm in a teacup"
click_call
within 5 "the failure in the server's counters" has_failed ABORTED
within 5 "the code of the failure" shows "$reply" "$red"
within 5 "the failure in the graph of errors" shows "$errors" "$purple"
shoot fault-dark

open_procedure demo.Clock/ticks
retype 50
xdotool key ctrl+Return
within 5 "the stream, as the server sees it" ticks '"in_flight":[1-9]'
within 5 "a list of items" shows "$item_row" "$ink"
picture "$counts" "$scratch/before.png"
within 5 "more items" differs "$counts" "$scratch/before.png"
# One of the rows that go by, to look into it.
xdotool mousemove 1060 200 click 1
within 5 "what is in an item" shows "$items" "$number"
shoot stream-dark
open_procedure demo.Echo/record
xdotool key ctrl+e
xdotool key ctrl+Return
within 5 "an answer beside the stream" shows "$reply" "$green"
open_procedure demo.Clock/ticks
within 5 "the stream that went on" differs "$counts" "$scratch/before.png"
xdotool key ctrl+period
within 5 "the end of the stream at the server" ticks '"in_flight":0[,}]'
within 5 "the end of the stream" shows "$reply" "$red"
shoot cancelled-dark

open_procedure demo.Chat/room
retype pantry
xdotool key ctrl+Return
within 5 "the cursor in the item" has_cursor "$item"
xdotool type "Is there tea?"
xdotool key ctrl+Return
within 5 "what was said" shows "$items" "$ink" 200
shoot chat-dark

xdotool key ctrl+t
within 5 "the light theme" is_light
accent='#1464d2'
shoot chat-light
open_procedure demo.Fault/fail
shoot fault-light
picture "$form" "$scratch/before.png"
xdotool key ctrl+i
within 5 "the certificates of both sides" differs "$form" "$scratch/before.png"
shoot identity-light
xdotool key ctrl+i
open_procedure demo.Orders/place
shoot order-light

accent=$blue
end demo TERM 143
if compgen -G "$scratch/countersign-demo-*"; then fail "the demo left its keys behind"; fi

echo "A server that is killed, and comes back:"
"$countersign" certs init "$scratch/pki" >/dev/null
"$countersign" certs issue "$scratch/pki" server --host 127.0.0.1 >/dev/null
"$countersign" certs issue "$scratch/pki" dashboard >/dev/null
identity=$scratch/pki/dashboard

load_server() {
    "$countersign" bench "$address" --procedure demo.Echo/record --in-flight 1 --duration 1s \
        --identity "$identity" >"$scratch/bench.log"
}

serve() {
    start server "$countersign" demo --listen "$1" --identity "$scratch/pki/server"
    within 10 "a server" grep -q 'listening on' "$scratch/server.log"
}

serve 127.0.0.1:0
address=$(sed -n 's/listening on //p' "$scratch/server.log")
start dashboard "$target/demo/countersign-gui" "$address" --identity "$identity"
find_window
within 20 "the procedures" title_has " · $address · "
# Through the list of commands: there are no other keys for this.
xdotool key ctrl+k
within 5 "the list of commands" has_cursor "$commands"
xdotool type "graph all"
xdotool key Return
fill_in_order "Ada King"
load_server
within 5 "the load on the graph" shows "$just_now" "$blue"

killed=${EPOCHREALTIME/[.,]/}
end server KILL 137
within 2 "the loss of the connection" title_has "connection to $address lost"
echo "  noticed after $(((${EPOCHREALTIME/[.,]/} - killed) / 1000)) ms"
within 10 "the end of the graph" misses "$just_now" "$blue"
shoot lost-dark

serve "$address"
within 10 "the connection" title_has " · $address · "
within 5 "the connection, as the server sees it" is_connected
xdotool key ctrl+Return
within 5 "an order of what was typed before" ordered "Ada King"
load_server
within 5 "the graph to go on" shows "$just_now" "$blue"
shoot back-dark

# Beside the dashboard's own identity lies the authority that made it.
xdotool key ctrl+k
within 5 "the list of commands" has_cursor "$commands"
xdotool type "new identity"
xdotool key Return
within 5 "the cursor in the name" has_cursor "$new_name"
xdotool type "bob"
xdotool key Return
within 5 "an identity for bob" test -s "$scratch/pki/bob/key.pem"
within 5 "what to hand over" shows "$made" "$green" 100
shoot made-dark
"$countersign" list "$address" --identity "$scratch/pki/bob" >/dev/null
end dashboard TERM 143
end xvfb TERM 0
echo "The dashboard works in a window ($SECONDS s)."
