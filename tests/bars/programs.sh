#!/bin/sh
# programs.sh: see that the bars are there; root on a Debian machine gets those that are not.
set -eu
missing=
need() { # PROGRAM PACKAGE
    command -v "$1" > /dev/null || missing="$missing $2"
}
need Xvfb xvfb
need xterm xterm
need maim maim
need polybar polybar
need i3blocks i3blocks
need i3 i3-wm
need sway sway
need waybar waybar
need xdotool xdotool
need tmux tmux
need fc-list fontconfig
[ -e /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf ] || missing="$missing fonts-dejavu-core"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086  # several words
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing > /dev/null
else
    echo "the tests of bars need these packages (their names in Debian):$missing" >&2
    exit 1
fi
