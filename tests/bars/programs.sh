#!/bin/sh
# programs.sh: see that the bars are there; root on a Debian machine gets those that are not.
set -eu
# shellcheck source-path=SCRIPTDIR source=../support/install.sh
. "$(dirname "$0")/../support/install.sh"
need Xvfb xvfb
need xterm xterm
need maim maim
need polybar polybar
need i3blocks i3blocks
need i3 i3-wm
need sway sway
need waybar waybar
need xdotool xdotool
need dunst dunst
need mako mako-notifier
need dbus-daemon dbus-daemon
need tmux tmux
need fc-list fontconfig
[ -e /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf ] || missing="$missing fonts-dejavu-core"
[ -e /usr/share/icons/Adwaita/48x48 ] || missing="$missing adwaita-icon-theme"
install_missing "the tests of bars"
