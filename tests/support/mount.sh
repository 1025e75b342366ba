#!/bin/sh
# mount.sh CHROOT VIEW HOME SHARED INSIDE: makes CHROOT ready at the empty folder VIEW: its user's home folder is HOME,
# SHARED is /mnt, INSIDE is /opt/rig. To be run in a mount namespace of one's own, with which the mounts end.
set -eu
chroot=$1 view=$2 home=$3 shared=$4 inside=$5
mount --bind "$chroot" "$view"
mount -o remount,bind,ro "$view"   # the kept folder stays as it was made
mount -t proc proc "$view/proc"
mount -t sysfs -o ro sysfs "$view/sys"
for folder in run home opt; do mount -t tmpfs -o mode=755 tmpfs "$view/$folder"; done
mount -t tmpfs -o mode=1777 tmpfs "$view/tmp"
mount -t tmpfs -o mode=755 tmpfs "$view/dev"
for node in null zero full random urandom tty; do touch "$view/dev/$node"; mount --bind "/dev/$node" "$view/dev/$node"; done
mkdir -p "$view/dev/shm" "$view/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$view/dev/shm"
ln -s /proc/self/fd "$view/dev/fd"
mkdir -p "$view/home/rig" "$view/run/user/4242" "$view/opt/rig" "$view/tmp/.X11-unix"
chmod 1777 "$view/tmp/.X11-unix"
chmod 700 "$view/run/user/4242"
mount --bind "$home" "$view/home/rig"
mount --bind "$shared" "$view/mnt"
mount --bind "$inside" "$view/opt/rig"
