# SPDX-License-Identifier: MIT
#
# hyt: build, test, install.  `make help` lists the targets.
# Settings that stay on this machine go to config.mk.

-include config.mk

CC       ?= cc
PREFIX   ?= /usr/local
FLAVOR   ?= release
BUILD    ?= build/$(FLAVOR)
PKGS      = libcjson libzstd openblas oniguruma libutf8proc libxxhash

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
       -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
       -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2 \
       -fno-common
OPT_release = -O3 -g
OPT_debug   = -O0 -g
OPT_asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer
OPT_tsan    = -O1 -g -fsanitize=thread
# Contraction is explicit: a fused multiply-add stands where one is written.
CFLAGS   ?= $(OPT_$(FLAVOR))
ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
             -ffp-contract=off $(WARN) $(WERROR) $(CFLAGS) \
             -Iinclude -Ilibcore -MMD -MP $(shell pkg-config --cflags $(PKGS))
LIBS     = $(shell pkg-config --libs $(PKGS)) -lpthread -lm
V ?= 0
Q_0 = @
Q = $(Q_$(V))

# Rooms, each with what it may include (and so link): the law of the layers.
ROOMS      = base io json record kern ckpt text model sample train score
USE_base   =
USE_io     = base
USE_json   = base
USE_record = base io json
USE_kern   = base
USE_ckpt   = base io json
USE_text   = base json
USE_model  = base io json kern ckpt
USE_sample = base io json kern ckpt text model
USE_train  = base io json kern ckpt model
USE_score  = base

# The kernels are compiled once for each instruction set, and once naively.
ISAS     = ref base
CFLAGS_isa_ref  =
CFLAGS_isa_base =
ifeq ($(shell uname -m),x86_64)
ISAS    += v3
CFLAGS_isa_v3 = -mavx2 -mfma
endif
ISA_SRC  = $(sort $(wildcard libcore/kern/isa_*.c))
ISA_OBJ  = $(foreach i,$(ISAS),$(ISA_SRC:libcore/%.c=$(BUILD)/obj/%.$(i).o))

SRC      = $(filter-out $(ISA_SRC),$(sort $(wildcard libcore/*/*.c)))
OBJ      = $(SRC:libcore/%.c=$(BUILD)/obj/%.o) $(ISA_OBJ)
TOOLS    = $(patsubst tools/%.c,%,$(sort $(wildcard tools/hyt-*.c)))
PROGRAMS = $(TOOLS:%=$(BUILD)/bin/%)
UNIT     = $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))

room_obj = $(filter $(BUILD)/obj/$(1)/%,$(OBJ))

all: $(PROGRAMS) ## build the programs in build/release/bin

$(BUILD)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' >$@

$(BUILD)/obj/%.o: libcore/%.c $(BUILD)/.flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

define isa_rule
$(BUILD)/obj/%.$(1).o: libcore/%.c $(BUILD)/.flags
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(CFLAGS_isa_$(1)) -DHYT_ISA=$(1) -DHYT_ISA_$(1) -c -o $$@ $$<
endef
$(foreach i,$(ISAS),$(eval $(call isa_rule,$(i))))

$(BUILD)/libhyt.a: $(OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(OBJ)

$(BUILD)/obj/tools/%.o: tools/%.c $(BUILD)/.flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itools -c -o $@ $<

$(BUILD)/bin/hyt-%: $(BUILD)/obj/tools/hyt-%.o $(BUILD)/obj/tools/tool.o $(BUILD)/libhyt.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libhyt.a $(LIBS)

# A room's unit test links that room and the rooms it may use, no others.
define unit_rule
$(BUILD)/test/test_$(1): tests/unit/test_$(1).c $(call room_obj,$(1)) $(foreach u,$(USE_$(1)),$(call room_obj,$(u))) $(BUILD)/.flags
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) -Itests/unit -o $$@ $$(filter %.c %.o,$$^) $$(LIBS) -lcmocka
endef
$(foreach r,$(ROOMS),$(eval $(call unit_rule,$(r))))

unit: $(UNIT:%=$(BUILD)/test/%)

clean: ## remove what make built
	rm -rf build

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: all unit clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:
-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/test/*.d)
