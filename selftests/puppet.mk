# SPDX-License-Identifier: GPL-2.0
# Tests that include puppet.h print errors by their names.
$(addprefix $(OUTPUT)/,$(patsubst %.c,%,$(shell grep -l 'puppet\.h\|paths\.h' \
	*_test.c))): ../tools/lib/abi_names.c
