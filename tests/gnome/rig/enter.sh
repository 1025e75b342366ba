#!/bin/sh
# enter.sh CHROOT VIEW HOME SHARED [LOCALE]: runs inside/driver.py in a CHROOT as an ordinary user, whose home folder is
# HOME. VIEW is an empty folder to mount at. SHARED, a folder, is /mnt there. The mounts end with this process.
# LOCALE is a name as de_DE.UTF-8; SHARED/locale then has what is translated (rig/language.py).
set -eu
chroot=$1 view=$2 home=$3 shared=$4 locale=${5:-}
here=$(dirname "$(realpath "$0")")
sh "$here/../../support/mount.sh" "$chroot" "$view" "$home" "$shared" "$here/inside"
mkdir -p "$view/run/systemd/seats" "$view/run/dbus"
if [ "$locale" ]; then
  # gettext translates nothing in libc's C nor in C.UTF-8, which is all there is. So a locale that exists is given the
  # name: to libc only the name tells them apart, and the Shell's numbers and dates, as ours, go by the name alone.
  mount -t tmpfs -o mode=755 tmpfs "$view/usr/lib/locale"
  cp -R "$chroot/usr/lib/locale/C.utf8" "$view/usr/lib/locale/$locale"
  mount --bind "$shared/locale" "$view/usr/share/locale"
fi
# Whoever runs the tests is 4242 in there: so what the exporter writes belongs to the Shell's user.
exec unshare --user --map-user=4242 --map-group=4242 --root="$view" --wd=/home/rig \
  env -i HOME=/home/rig USER=rig LOGNAME=rig PATH=/usr/bin:/bin SHELL=/bin/bash LANG="${locale:-C.UTF-8}" TZ=UTC \
  XDG_RUNTIME_DIR=/run/user/4242 XDG_SESSION_TYPE=wayland XDG_CURRENT_DESKTOP=GNOME \
  XDG_DATA_DIRS=/usr/local/share:/usr/share NO_AT_BRIDGE=1 LIBGL_ALWAYS_SOFTWARE=1 GALLIUM_DRIVER=llvmpipe \
  PYTHONDONTWRITEBYTECODE=1 dbus-run-session -- python3 /opt/rig/driver.py
