# SPDX-License-Identifier: GPL-2.0
# Read by ../Makefile: the tests of exec, which share the corpus.

CORPUS := $(addprefix elf_corpus/,corpus.c code.S) $(OUTPUT)/probe.bin \
	$(wildcard elf_corpus/*.h) $(wildcard ../uapi/linux/*.h)
LAUNCH := elf_corpus/launch.c

TEST_GEN_PROGS += elf_mutate_test
TEST_GEN_PROGS_EXTENDED += elf_corpus_files

$(OUTPUT)/exec_corpus_test: exec_corpus_test.c $(LAUNCH) $(CORPUS)
$(OUTPUT)/exec_test: exec_test.c $(LAUNCH) $(CORPUS)
$(OUTPUT)/exec_memory_test: exec_memory_test.c ../tools/lib/abi_names.c \
	$(LAUNCH) $(CORPUS)
$(OUTPUT)/elf_mutate_test: fuzz/elf_mutate.c $(LAUNCH) $(CORPUS)
$(OUTPUT)/elf_corpus_files: elf_corpus/main.c $(CORPUS)

$(addprefix $(OUTPUT)/,exec_corpus_test exec_test exec_memory_test \
		elf_mutate_test elf_corpus_files):
	$(LINK.c) -Wa,-I$(OUTPUT) $(filter %.c %.S,$^) -o $@

# The probe: flat code for CloudABI, which code.S takes in.
$(OUTPUT)/probe.bin: $(addprefix elf_corpus/probe.,c h lds)
	$(CC) -std=gnu11 -O2 -fpie -ffreestanding -fno-stack-protector \
		-fcf-protection=none -fno-asynchronous-unwind-tables \
		-fno-jump-tables -fno-tree-loop-distribute-patterns \
		-mgeneral-regs-only -Wall -Wextra -I../uapi \
		-nostdlib -static -no-pie -Wl,-T,elf_corpus/probe.lds \
		-Wl,--build-id=none,-e,probe_start \
		-o $(OUTPUT)/probe.elf $<
	objcopy -O binary $(OUTPUT)/probe.elf $@
