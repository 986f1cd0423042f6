# SPDX-License-Identifier: GPL-2.0
# For people: each of these is a script that says at its head what it does.
# The kernel's build does not read this file but Kbuild.

VM := selftests/vm

help:
	@echo 'make run       show it: builds all, boots a VM, hashes a file there'
	@echo '                 PROG=FILE ARGS=TEXT IN=FILE   a program of yours'
	@echo '                 KERNEL=6.12                   another kernel'
	@echo 'make check     the tests, on several kernels'
	@echo '                 KERNELS="6.1 debug" GROUPS="NAME ..."   some of them'
	@echo '                 FULL=1 also what takes long, BUDGET=MINUTES'
	@echo 'make vm        a shell in a VM which has the module (KERNEL=)'
	@echo 'make bench     benchmarks, counted in instructions (KERNEL= TIME=)'
	@echo
	@echo 'make module    the module, for the running kernel if its headers are'
	@echo '               installed, else for the distribution'"'"'s'
	@echo '                 KERNEL=6.12 or KDIR=DIR       for another'
	@echo 'make programs  the CloudABI examples and test programs'
	@echo 'make selftests the native tests'
	@echo 'make abi       the generated files, from uapi/abi/cloudabi.abi'
	@echo 'make abi-check are they up to date, is the table sound (FACTS=FILE)'
	@echo 'make model     the protocol of locks, in all states that it can come to'
	@echo 'make mutants   do the tests of locks find mistakes made on purpose (KERNEL=)'
	@echo 'make style     checkpatch, sparse, clang-format, shellcheck (FILES=)'
	@echo 'make doc-check is the documentation sound, is all there that it names'
	@echo 'make doc       the documentation as HTML, in build/doc; needs Sphinx'
	@echo 'make setup     installs the packages which all this needs'
	@echo 'make clean     removes build/'

RUNNING := /lib/modules/$(shell uname -r)/build
KDIR ?= $(if $(KERNEL),,$(if $(wildcard $(RUNNING)/Makefile),$(RUNNING)))

setup:
	@$(VM)/setup

run: setup
	@KERNEL='$(KERNEL)' PROG='$(PROG)' IN='$(IN)' ARGS='$(ARGS)' $(VM)/run

vm: setup
	@KERNEL='$(KERNEL)' $(VM)/run --shell

# The shell has a GROUPS of its own.
check:
	@$(VM)/setup run check
	@unset GROUPS; KERNELS='$(KERNELS)' ONLY='$(GROUPS)' FACTS='$(FACTS)' \
		FULL='$(FULL)' BUDGET='$(BUDGET)' $(VM)/check

bench:
	@$(VM)/setup run check
	@KERNEL='$(KERNEL)' TIME='$(TIME)' $(VM)/bench

module:
	+@ko=$$($(VM)/module '$(or $(KDIR),$(KERNEL),default)') && \
		mkdir -p build/module && cp "$$ko" build/module/cloudabi.ko && \
		echo "build/module/cloudabi.ko (from $$ko)"

programs:
	+@$(MAKE) -j$$(nproc) -C selftests/programs

selftests:
	+@$(MAKE) -j$$(nproc) -C selftests

model:
	@$(VM)/setup run check
	@selftests/model/run

mutants:
	@$(VM)/setup run check
	@KERNEL='$(KERNEL)' selftests/mutants/run

style:
	@$(VM)/setup run style
	@$(VM)/style $(FILES)

clean:
	rm -rf build

-include uapi/abi/gen.mk Documentation/doc.mk

.PHONY: help setup run vm check bench module programs selftests model mutants style clean
