#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Checks that executables are what a CloudABI loader accepts, and that their
# code is what the ABI asks for: check-elf.sh FILE...
#
# Copyright (C) 2026 The cloudabi.ko authors

status=0

complain()
{
	echo "$file: $*" >&2
	status=1
}

check_header()
{
	osabi=$(od -An -tu1 -j7 -N1 "$file" | tr -d ' ')
	[ "$osabi" = 17 ] || complain "EI_OSABI is $osabi, not 17"
}

check_segments()
{
	segments=$(readelf -lW "$file")
	echo "$segments" | grep -q '^  INTERP' && complain "has an interpreter"
	# Type, offset, two addresses, two sizes, flags, alignment.
	echo "$segments" | awk '
		$1 == "LOAD" && /RWE/ { bad = 1 }
		$1 == "LOAD" && $2 == "0x000000" { header = 1 }
		END { exit bad ? 1 : header ? 0 : 2 }'
	case $? in
	1) complain "has a segment that is writable and executable" ;;
	2) complain "does not map its program headers" ;;
	esac
}

check_relocations()
{
	readelf -rW "$file" | awk '
		$3 ~ /^R_X86_64_/ && $3 != "R_X86_64_RELATIVE" { bad = 1 }
		END { exit bad }' ||
		complain "has relocations other than RELATIVE"
}

# The FS base itself is only good for the word that it points at. Traps belong
# into the vDSO; tests of the trap itself make it in functions called raw_*.
check_code()
{
	objdump -d --no-show-raw-insn "$file" | awk '
		/^[0-9a-f]+ <.*>:$/ { name = $2 }
		/%fs:/ && !/%fs:0x0([^0-9a-f]|$)/ { print; bad = 1 }
		($2 == "syscall" || $2 == "sysenter" || $2 == "int") &&
			name !~ /^<raw_/ { print; bad = 1 }
		END { exit bad }' ||
		complain "has instructions that do not belong there"
}

for file; do
	check_header
	check_segments
	check_relocations
	check_code
done
exit $status
