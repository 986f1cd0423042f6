#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Calls at random: several CloudABI programs at once that share what they were
# given, on file systems in memory, on a disk, and in layers.
#
#	hostile_test.sh [COUNT [SEED]]	so many calls of each of them
#
# Copyright (C) 2026 The cloudabi.ko authors

cd "$(dirname "$0")" || exit 1
count=${1:-20000} seed=${2:-$(date +%s)}

top=/tmp/hostile
modprobe -a loop overlay ext4 2>/dev/null
mkdir -p $top/memory/b $top/disk $top/lower $top/layers
mount -t tmpfs -o size=16m none $top/memory
mkdir $top/memory/b $top/memory/upper $top/memory/work $top/lower/b
dd if=/dev/zero of=$top/image bs=1M count=16 2>/dev/null
mkfs.ext2 $top/image >/dev/null 2>&1 && mount -o loop $top/image $top/disk
options=lowerdir=$top/lower,upperdir=$top/memory/upper,workdir=$top/memory/work
mount -t overlay -o $options none $top/layers
for dir in memory disk layers; do
	ln -s b $top/$dir/link
	ln -s .. $top/$dir/up
	ln -s loop $top/$dir/loop
	echo text >$top/$dir/a
done
mkfifo $top/memory/c
exec 3<$top/memory 4<$top/disk 5<$top/layers 6<>$top/memory/a 7<>$top/memory/c
exec 8<>/dev/zero 9>>$top/disk/a

echo "KTAP version 1"
echo "1..4"
for i in 1 2 3 4; do
	programs/hostile "$count" $((seed + i)) >$top/$i.ktap &
	eval "pid$i=$!"
done
failed=0
for i in 1 2 3 4; do
	eval "wait \$pid$i"
	status=$?
	sed 's/^/# /' $top/$i.ktap
	if [ $status = 0 ]; then
		echo "ok $i - program $i"
	else
		echo "not ok $i - program $i # status $status"
		failed=1
	fi
done
exit $failed
