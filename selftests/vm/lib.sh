# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts of the test bed share.  Sourced, never run.  Everything they
# write goes below $BUILD and $CACHE.

VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$VM/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
CACHE=${XDG_CACHE_HOME:-~/.cache}/cloudabi
export LC_ALL=C

say() { echo "$*" >&2; }

die()
{
	say "${0##*/}: $*"
	exit 1
}

# need COMMAND...: these programs must exist.
need()
{
	local c

	for c; do
		command -v "$c" >/dev/null ||
			die "the program '$c' is missing: run 'make setup'"
	done
}

# quietly LOG COMMAND...: runs the command with its output in a log.
quietly()
{
	local log=$1

	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null && return
	tail -n 15 "$log" >&2
	die "'$*' failed; all of its output: $log"
}
# The processor: everything that can be had.  Five-level paging only costs time.
cpu() { echo "max,la57=off"; }

# Picks kvm where a virtual machine really runs, else tcg.  That the device
# exists says little, nor that it runs something: the processors must be those
# which tests get.  So a guest of five bytes is run with them.  It writes 0x31 to
# the exit device, which makes QEMU exit with 0x31 * 2 + 1.
accel()
{
	local rom rc=0

	if [ -z "${ACCEL:-}" ]; then
		ACCEL=tcg
		if [ -w /dev/kvm ]; then
			rom=$(mktemp)
			{
				head -c 65520 /dev/zero
				printf '\xb0\x31\xe6\xf4\xf4'
				head -c 11 /dev/zero
			} >"$rom"
			(timeout 10 qemu-system-x86_64 -accel kvm -M microvm \
				-cpu "$(cpu)" -smp 2 -m 256 \
				-bios "$rom" -nodefaults -display none \
				-device isa-debug-exit,iobase=0xf4 \
				</dev/null; exit $?) >/dev/null 2>&1 || rc=$?
			rm -f "$rom"
			[ $rc != 99 ] || ACCEL=kvm
		fi
		export ACCEL
	fi
	echo "$ACCEL"
}
