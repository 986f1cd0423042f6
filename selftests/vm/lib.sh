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

# stage_tests DIR: lays what guests run: CloudABI programs, the script that runs
# groups, and the tests.
stage_tests()
{
	mkdir -p "$1/programs"
	cp "$VM/guest" "$1/"
	rsync -rlp --exclude=obj "$BUILD/programs/" "$1/programs/"
	quietly "$1.log" make -s -C "$TOP/selftests" install INSTALL_PATH="$1"
	find "$1" -path "$1/programs" -prune -o -type f -perm -u+x \
		-exec strip {} + 2>/dev/null || true
}

# The processor: everything that can be had.  Five-level paging only costs time.
cpu() { echo "max,la57=off"; }

# What runs the guest: tcg, unless ACCEL says kvm.  That kvm is there says little:
# a virtual machine inside of another may run a few instructions and then hang
# in the midst of a boot, and results must not depend on where they come from.
accel() { echo "${ACCEL:-tcg}"; }

# misled_by_qemu LOG: whether a kernel died of code that it had patched and QEMU
# went on with, as it does before 8.1: see -1 of boot.  That is a breakpoint, which
# the kernel sets for as long as it patches.
misled_by_qemu()
{
	local version

	[ "$(accel)" = tcg ] && grep -qs 'int3: 0000 \[#' "$1" || return
	version=$(qemu-system-x86_64 --version | sed -n '1s/.*version //p')
	[ "$(printf '%s\n' "${version%% *}" 8.1 | sort -V | head -n 1)" != 8.1 ]
}
