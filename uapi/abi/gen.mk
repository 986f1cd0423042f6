# SPDX-License-Identifier: GPL-2.0
#
# What is made from the ABI table. Included by the Makefile at the top, or run
# from there with -f.
#
#	abi		make the files anew
#	abi-check	fail if a file is not what would be made; with FACTS=file,
#			compare the table with that file as well
#	abi-test	test the generator and the comparison; FACTS as above
#	vdso-test	call every stub of the vDSO, without the module

.PHONY: abi abi-check abi-test vdso-test

abi:
	@AWK="$(ABI_AWK)" uapi/abi/gen.sh make .

abi-check:
	@AWK="$(ABI_AWK)" uapi/abi/gen.sh check
	@$(if $(FACTS),AWK="$(ABI_AWK)" uapi/abi/gen.sh facts "$(FACTS)")

abi-test:
	@AWK="$(ABI_AWK)" uapi/abi/check_test.sh $(FACTS)

vdso-test: build/abi/vdso_test build/abi/vdso.so
	@build/abi/vdso_test build/abi/vdso.so

build/abi:
	@mkdir -p $@

build/abi/vdso.so: $(addprefix module/vdso/,vdso_x86.S clock_x86.S clock_data.h \
		vdso.lds) | build/abi
	$(CC) -nostdlib -shared -fPIC -Wa,--noexecstack \
		-Wl,--hash-style=sysv -Wl,--build-id=none \
		-Wl,-T,module/vdso/vdso.lds -o $@ $(filter %.S,$^)

build/abi/vdso_test: uapi/abi/vdso_test.c tools/lib/abi_names.c \
		tools/lib/abi_names.h module/vdso/clock_data.h | build/abi
	$(CC) -O2 -Wall -Wextra -pthread -Itools/lib -Imodule/vdso -o $@ $(filter %.c,$^)
