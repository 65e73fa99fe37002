# SPDX-License-Identifier: MIT
#
# hyt: build, test, install.  `make help` lists the targets.
# Settings that stay on this machine go to config.mk.

-include config.mk
MAKEFLAGS += --no-print-directory

CC       ?= cc
PREFIX   ?= /usr/local
FLAVOR   ?= release
BUILD    ?= build/$(FLAVOR)
PKGS      = libcjson libzstd oniguruma libutf8proc libxxhash
VERSION  := $(shell sed -n 's/^.define HYT_VERSION "\(.*\)"/\1/p' tools/tool.h)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
       -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
       -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2 \
       -Wno-psabi -fno-common
OPT_release = -O3 -g
OPT_debug   = -O0 -g
OPT_asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer
OPT_tsan    = -O1 -g -fsanitize=thread
OPT_fuzz    = -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
              -fno-sanitize-recover=all -fno-omit-frame-pointer
# CFLAGS, CPPFLAGS and LDFLAGS are the user's.
# Contraction is explicit: a fused multiply-add stands where one is written.
LANG_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
              -ffp-contract=off -Iinclude -Ilibcore
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
ALL_CFLAGS  = $(LANG_CFLAGS) $(WARN) $(WERROR) $(OPT_$(FLAVOR)) $(PKG_CFLAGS) \
              -MMD -MP $(CPPFLAGS) $(CFLAGS)
LIBS        = $(PKG_LIBS) -lpthread -lm
Q           = $(if $(V),,@)# V=1 shows the commands

# Rooms, each with what it may include (and so link): the law of the layers.
ROOMS      = base io json record kern ckpt text value jinja model sample train score
USE_base   =
USE_io     = base
USE_json   = base
USE_record = base io json
USE_kern   = base
USE_ckpt   = base io json
USE_text   = base json
USE_value  = base json
USE_jinja  = base json value
USE_model  = base io json kern ckpt
USE_sample = base io json kern ckpt text model
USE_train  = base io json kern ckpt model
USE_score  = base

# The kernels are compiled once for each instruction set, and once naively.
ISAS     = ref base $(ISAS_$(firstword $(subst -, ,$(shell $(CC) -dumpmachine))))
ISAS_x86_64  = v3 v4
ISAS_aarch64 = neon
CFLAGS_isa_v3 = -mavx2 -mfma
CFLAGS_isa_v4 = $(CFLAGS_isa_v3) -mavx512f -mavx512bw -mavx512dq -mavx512vl
ISA_SRC  = $(wildcard libcore/kern/isa_*.c)

obj      = $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(1)))
OBJ      = $(call obj,$(filter-out $(ISA_SRC),$(wildcard libcore/*/*.c))) \
           $(foreach i,$(ISAS),$(patsubst %.o,%.$(i).o,$(call obj,$(ISA_SRC))))
# tools/hyt-x.c is a program; the other files of tools/ are shared by them.
TOOL_OBJ = $(call obj,$(filter-out tools/hyt-%,$(wildcard tools/*.c)))
PAGE_OBJ = $(BUILD)/obj/tools/plot.html.o
TOOLS    = $(patsubst tools/%.c,%,$(sort $(wildcard tools/hyt-*.c)))
PROGRAMS = $(TOOLS:%=$(BUILD)/bin/%)
# tests/unit likewise: test_ROOM.c, test_ROOM_topic.c, and what they share.
UNIT_SRC = $(sort $(wildcard tests/unit/test_*.c))
UNIT_OBJ = $(call obj,$(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c)))
UNIT     = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/test/%)
# What tests preload to make system calls fail.
FAULT    = $(BUILD)/test/fault.so
# tests/fuzz: fuzz_TARGET.c, and what they share.  With main.o they run files,
# in the flavor fuzz libFuzzer drives them.
FUZZ     = $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_MAIN = $(if $(filter fuzz,$(FLAVOR)),-fsanitize=fuzzer,$(BUILD)/obj/tests/fuzz/main.o)
FUZZ_ROOMS = base io json record ckpt text value jinja model
# A model directory, damaged in every place, through the programs' own code.
SWEEP    = $(BUILD)/test/sweep
# tests/bench is one program.
BENCH    = $(BUILD)/bench/bench
BENCH_OBJ = $(call obj,$(wildcard tests/bench/*.c))
MAN      = $(patsubst tools/%.scd,$(BUILD)/man/%,$(sort $(wildcard tools/*.scd)))

room_obj = $(filter $(BUILD)/obj/libcore/$(1)/%,$(OBJ))

all: $(PROGRAMS) $(BUILD)/libhyt.a ## build the programs in build/release/bin

FLAGS_NOW = $(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LIBS)
$(BUILD)/.flags: FORCE
	@pkg-config --exists $(PKGS) 2>/dev/null || { \
	    echo "libraries are missing: try 'make deps'" >&2; exit 1; }
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' >$@

compile = $(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS)
link    = $(Q)mkdir -p $(@D) && $(CC) $(OPT_$(FLAVOR)) $(CFLAGS) $(LDFLAGS) -o $@

$(BUILD)/obj/%.o: %.c $(BUILD)/.flags
	$(compile) -c -o $@ $<

# The page of hyt-plot traces, as an array of its lines.
$(BUILD)/obj/tools/plot.html.c: tools/plot.html
	$(Q)mkdir -p $(@D) && { \
	    echo 'extern const char *const hyt_plot_page[];'; \
	    echo 'const char *const hyt_plot_page[] = {'; \
	    sed 's/[\\"?]/\\&/g; s/.*/"&\\n",/' $<; echo '0};'; } >$@
$(PAGE_OBJ): %.o: %.c $(BUILD)/.flags
	$(compile) -c -o $@ $<

define isa_rule
$(BUILD)/obj/%.$(1).o: %.c $(BUILD)/.flags
	$$(compile) $$(CFLAGS_isa_$(1)) -DHYT_ISA=$(1) -DHYT_ISA_$(1) -c -o $$@ $$<
endef
$(foreach i,$(ISAS),$(eval $(call isa_rule,$(i))))

$(BUILD)/libhyt.a: $(OBJ)
$(BUILD)/libtools.a: $(TOOL_OBJ) $(PAGE_OBJ)
$(BUILD)/libunit.a: $(UNIT_OBJ)
$(BUILD)/%.a: $(BUILD)/.flags
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/bin/%: $(BUILD)/obj/tools/%.o $(BUILD)/libtools.a $(BUILD)/libhyt.a
	$(link) $^ $(LIBS)

# OpenBLAS is the yardstick of the benchmarks, and of nothing else.
$(BENCH_OBJ): private PKG_CFLAGS += $(shell pkg-config --cflags openblas)
$(BENCH): $(BENCH_OBJ) $(BUILD)/libhyt.a
	$(link) $^ $(LIBS) $(shell pkg-config --libs openblas)

$(BUILD)/libfuzz.a: $(foreach r,$(FUZZ_ROOMS),$(call room_obj,$(r)))
$(FUZZ): $(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o \
  $(BUILD)/obj/tests/fuzz/fuzz.o $(filter %.o,$(FUZZ_MAIN)) $(BUILD)/libfuzz.a
	$(link) $(filter-out %.o,$(FUZZ_MAIN)) $^ $(LIBS)

$(BUILD)/obj/tests/fuzz/sweep.o: private LANG_CFLAGS += -Itools
$(SWEEP): $(BUILD)/obj/tests/fuzz/sweep.o $(BUILD)/obj/tests/fuzz/fuzz.o \
  $(BUILD)/libtools.a $(BUILD)/libhyt.a
	$(link) $^ $(LIBS)

# A room's unit test links that room and the rooms it may use, no others.
define unit_rule
$(BUILD)/test/test_$(1) $(filter $(BUILD)/test/test_$(1)_%,$(UNIT)): \
  $(BUILD)/test/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libunit.a \
  $(foreach r,$(1) $(USE_$(1)),$(call room_obj,$(r)))
	$$(link) $$^ $$(LIBS) -lcmocka
endef
$(foreach r,$(ROOMS),$(eval $(call unit_rule,$(r))))

$(FAULT): tests/fault/fault.c
	$(Q)mkdir -p $(@D) && $(CC) $(LANG_CFLAGS) $(WARN) $(WERROR) -O1 -g -fPIC \
	    -shared -o $@ $< -ldl

unit: $(UNIT) $(FAULT) $(FUZZ) $(SWEEP) ## build the unit tests and the fuzz targets

deps: ## install what is missing to build and test (apt-get)
	@sh tests/deps.sh build test

# What deps installed is only seen by a make that starts after it.
check: deps ## build and run all tests (TESTS=: those that match any)
	@$(MAKE) check-built

check-built: all unit
	@tests/run $(BUILD) $(TESTS)

check-full: export HYT_FULL = 1
check-full: check ## the same, and every point of failure, not a sample (slow)

check-root: export HYT_ROOT = 1
check-root: deps ## the tests that mount a small file system (needs root)
	@$(MAKE) check-built TESTS=cli/fault/root

check-quick: export HYT_QUICK = 1
check-quick: deps ## a small run of examples/less-is-more (minutes)
	@$(MAKE) check-built TESTS=cli/examples/quick

# Threads are those of the pool in kern/: what does not compute has none, and
# under ThreadSanitizer a test takes some twenty times as long.
check-asan: ## the same with AddressSanitizer and UBSan
check-tsan: TESTS = unit/test_kern unit/test_model unit/test_sample \
                    unit/test_train cli/pipe/exact
check-tsan: ## the tests that compute, with ThreadSanitizer
check-asan check-tsan: check-%:
	@$(MAKE) FLAVOR=$* BUILD=build/$* TESTS='$(TESTS)' check

# What it finds is in build/fuzz/found; tests/fuzz/fuzz.sh says what then.
SECONDS ?= 60
fuzz: ## search for inputs that break a fuzz target, SECONDS=60 each (clang)
	@sh tests/deps.sh build test fuzz
	@$(MAKE) CC=clang FLAVOR=fuzz BUILD=build/fuzz fuzz-targets
	@tests/fuzz/fuzz.sh build/fuzz $(SECONDS) $(TARGET)

fuzz-targets: $(FUZZ)

check-aarch64: ## the kernels and the pipe under qemu: the same bits
	@sh tests/deps.sh build test aarch64
	@$(MAKE) all
	@tests/cross/aarch64.sh '$(MAKE)' $(BUILD) build/aarch64

LINT = gcc clang format text headers layers symbols banned man install shell \
       cppcheck tidy
lint: ## all static checks; nothing may be found
	@sh tests/deps.sh build test bench lint
	@sh tests/lint/all.sh '$(MAKE)' $(LINT)

lint-%: export LAYERS = $(foreach r,$(ROOMS),$(r): $(USE_$(r));)
lint-%: export LINT_CFLAGS = $(LANG_CFLAGS) -Itools $(PKG_CFLAGS) -DHYT_ISA=ref -DHYT_ISA_ref
lint-%: export LINT_MAKE = $(MAKE) CC=gcc BUILD=build/lint-gcc WERROR=-Werror
lint-gcc lint-clang: lint-%:
	@$(MAKE) CC=$* BUILD=build/lint-$* WERROR=-Werror all unit $(BENCH:$(BUILD)/%=build/lint-$*/%)
lint-symbols lint-man lint-install: lint-gcc
lint-%:
	@sh tests/lint/$*.sh
check-layers: lint-layers ## who includes whom, against the table of rooms
check-man: lint-man ## the options of every program against its manual page

bench: ## build and run the benchmarks (ROWS=: those that match a|b)
	@sh tests/deps.sh build bench
	@$(MAKE) bench-built

bench-built: $(BENCH) $(PROGRAMS)
	@$(BENCH) $(BUILD) $(if $(ROWS),'$(ROWS)')

demo: deps ## the whole pipe on a small model, before and after
	@$(MAKE) all
	@$(MAKE) -C examples/quickstart demo HYT_BIN='$(abspath $(BUILD)/bin)'

fixtures: ## make the reference data of the tests again (PyTorch, scikit-learn)
	@for f in tests/fixtures/make_*.py; do /usr/bin/python3 $$f || exit 1; done

format: ## clang-format all C files in place
	find libcore tools include tests -name '*.[ch]' -exec clang-format -i {} +

$(BUILD)/man/%: tools/%.scd
	@mkdir -p $(@D)
	@scdoc <$< >$@

HAVE_SCDOC = $(shell command -v scdoc 2>/dev/null)
man: $(if $(HAVE_SCDOC),$(MAN)) ## the manual pages, by scdoc
	@$(if $(HAVE_SCDOC),:,echo 'scdoc is missing: no manual pages')

define PC_FILE
prefix=$(PREFIX)
Name: hyt
Description: post-training of language models by filters: the library
Version: $(VERSION)
Requires: $(PKGS)
Cflags: -I$${prefix}/include
Libs: -L$${prefix}/lib -lhyt -lpthread -lm
endef

install: all man ## install below $(DESTDIR)$(PREFIX)
	$(foreach d,bin include/hyt lib/pkgconfig,install -d $(DESTDIR)$(PREFIX)/$d;)
	install $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 include/hyt/*.h $(DESTDIR)$(PREFIX)/include/hyt
	install -m 644 $(BUILD)/libhyt.a $(DESTDIR)$(PREFIX)/lib
	$(file >$(BUILD)/hyt.pc,$(PC_FILE))
	install -m 644 $(BUILD)/hyt.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig
	$(if $(HAVE_SCDOC),$(foreach m,$(MAN),install -D -m 644 $m \
	    $(DESTDIR)$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $m))/$(notdir $m);))

uninstall: ## remove what install put there
	cd $(DESTDIR)$(PREFIX) && rm -f $(TOOLS:%=bin/%) lib/libhyt.a \
	    lib/pkgconfig/hyt.pc share/man/man1/hyt-*.1 share/man/man7/hyt.7
	rm -rf $(DESTDIR)$(PREFIX)/include/hyt

dist: ## a tar archive of the committed tree
	@mkdir -p build
	git archive --prefix=hyt-$(VERSION)/ -o build/hyt-$(VERSION).tar.gz HEAD

clean: ## remove what make built
	rm -rf build

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: all unit deps check check-built check-full check-root check-quick \
    check-asan check-tsan check-aarch64 fuzz fuzz-targets lint check-layers \
    check-man bench demo fixtures format man install uninstall dist clean \
    help FORCE
.DELETE_ON_ERROR:
.SECONDARY:
-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d)
