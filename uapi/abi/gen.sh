#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Runs the generator, at the top of the tree:
#
#	gen.sh make DIRECTORY	make all files below a directory
#	gen.sh check		fail if a file is not what would be made
#	gen.sh facts FILE	compare the table with a file of facts
#	gen.sh print-facts	print the table as such a file
#
# $AWK is the awk to use, $TABLE another table than the one here.
set -eu

abi=uapi/abi
table=${TABLE:-$abi/cloudabi.abi}

# A file, the parts of the generator that print it, and what it reads beside
# the table.
list()
{
	echo "uapi/linux/cloudabi.h header"
	echo "module/abi_gen.h kernel,module"
	echo "module/unpack_gen.h kernel,unpack"
	echo "module/vdso/vdso_x86.S machine,vdso"
	echo "tools/lib/abi_names.h names_h"
	echo "tools/lib/abi_names.c names_c"
	echo "selftests/crt/calls_gen.h calls_h"
	echo "selftests/crt/calls_gen.c calls_c"
	echo "selftests/rights_gen.h rights"
	echo "Documentation/syscalls.rst syscalls"
	echo "Documentation/limitations-calls.rst limitations module/optable.c"
}

# The calls that have a text in the documentation.
prose()
{
	for text in Documentation/syscalls/*.txt; do
		[ ! -f "$text" ] || basename "$text" .txt
	done
}

# awk with the functions that all outputs need; the arguments are more options
# and the inputs. No word has a blank in it, except in the list of texts.
run()
{
	functions=
	for part in "$abi"/parse/*.awk; do
		functions="$functions -f $part"
	done
	# shellcheck disable=SC2086
	${AWK:-awk} -v prose="$(prose | tr '\n' ' ')" -f "$abi/gen.awk" \
		$functions -f "$abi/gen/c.awk" "$@"
}

make_one()
{
	output=$directory/$1
	input=$3
	programs=
	for part in $(echo "$2" | tr , ' '); do
		programs="$programs -f $abi/gen/$part.awk"
	done
	mkdir -p "$(dirname "$output")"
	# shellcheck disable=SC2086
	run $programs "$table" $input >"$output.tmp" || {
		rm -f "$output.tmp"
		return 1
	}
	# An unchanged file keeps its time, so that nothing is built again.
	if cmp -s "$output.tmp" "$output"; then
		rm "$output.tmp"
	else
		mv "$output.tmp" "$output"
	fi
}

make_all()
{
	list | while read -r file parts input; do
		make_one "$file" "$parts" "$input"
	done
}

check()
{
	directory=$(mktemp -d)
	trap 'rm -rf "$directory"' EXIT
	make_all
	list | {
		stale=0
		while read -r file parts input; do
			cmp -s "$directory/$file" "$file" && continue
			echo "$file: not what $table says, run 'make abi'" >&2
			stale=1
		done
		return $stale
	}
}

case ${1-} in
make)
	directory=$2
	make_all
	;;
check)
	check
	;;
facts)
	run -f "$abi/gen/machine.awk" -f "$abi/gen/expect.awk" \
		-f "$abi/facts.awk" "$table" "$2"
	;;
print-facts)
	run -f "$abi/gen/machine.awk" -f "$abi/gen/expect.awk" \
		-f "$abi/gen/facts.awk" "$table"
	;;
*)
	echo "usage: $0 make DIRECTORY | check | facts FILE | print-facts" >&2
	exit 2
	;;
esac
