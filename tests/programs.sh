#!/bin/sh
# programs.sh: see that the programs are there that the tests drive; root on a Debian machine gets those that are not.
set -eu
# shellcheck source-path=SCRIPTDIR source=support/install.sh
. "$(dirname "$0")/support/install.sh"
need tmux tmux
need dbus-daemon dbus-daemon
need systemctl systemd
need systemd-analyze systemd
need unshare util-linux
need mount mount
need setpriv util-linux
need gjs gjs
need jq jq
need cargo cargo
need node nodejs
set -- /usr/share/cargo/registry/serde_json-*
[ -d "$1" ] || missing="$missing librust-serde-json-dev"
need ip iproute2
need man man-db
need dpkg-deb dpkg
[ -d /usr/share/zoneinfo ] || missing="$missing tzdata"
install_missing "the tests"
