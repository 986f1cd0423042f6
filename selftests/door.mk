# SPDX-License-Identifier: GPL-2.0
# These tests start the program of door.S, and have it inside.
DOOR_TESTS := doors_test doors32_test vsyscall_test ptrace_test confine_test \
	lifecycle_test unhook_test stress_test
$(addprefix $(OUTPUT)/,$(DOOR_TESTS)): door.S
