# SPDX-License-Identifier: MIT
#
# hyt.mk - rules for experiments: rounds, evaluation, clearing up
#
# An experiment is a Makefile like this one:
#
#     include ../hyt.mk
#     all: out/20.test.report
#     out/%: traces  = cat traces.jsonl
#     out/%: queries = ./some-queries --seed $(round_seed)
#     out/%: test    = cat test.jsonl
#     out/%: weight  = --policy hytuning
#     $(eval $(call hyt_run,out,model,20,10 20,test))
#
# $(eval $(call hyt_run,DIR,BASE,ROUNDS,MEASURED,SETS)) makes the rules for
#
#     DIR/K.jsonl.zst        what model K-1 sampled, scored and weighted
#     DIR/K                  model K: model K-1 updated by these records
#     DIR/K.log              what hyt-update said of it, a line a step; where it
#                            is, round K is over
#     DIR/K.SET.jsonl.zst    graded answers of model K to the questions of SET
#     DIR/K.SET.report       hyt-eval of these
#
# for K from 1 to ROUNDS; model 0 is BASE. The variables above are the commands
# that print traces, queries and questions. Every file is a function of those it
# is made from and of the settings, seeds included: DIR/settings holds what they
# were, and where they are others now, all is made again. Of a file that such a
# command reads make has to be told: out/1.jsonl.zst: traces.jsonl. What was
# stopped, by a signal or by a power cut, goes on where it was. When model K is
# there, model K-1 and the records of round K are removed; before, model K-1 has
# answered all SETS if K-1 is one of MEASURED. The last model stays, and so do the
# logs. Where a model that went is wanted again, as for fewer ROUNDS, that is an
# error. A command that fails, or ends before it has read what a pipe gives it, as
# head, ends the round.
#
# `say` is a command that tells of a round before it begins.
#
# $(eval $(call hyt_measure,MODEL,SETS)) makes MODEL.SET.jsonl.zst and .report.
#
# Watching a run, which is off unless asked for: with
#
#     out/%: watch   = head -n 100 validation.jsonl
#     out/%: require = entropy>0.1 repetition<0.5 ece<0.3 log.kl<0.5
#     out/%: update  = --ref model
#     out/%: best    = .accuracy
#     $(eval $(call hyt_watch,out,model,20,test))
#
# after $(eval $(call hyt_run,...)), model K is asked the questions of `watch`,
# and round K + 1 only begins if it meets what `require` says: what hyt-eval has
# a metric for, and, with "log." in front, means of what hyt-update logged of
# the round; log.kl needs --ref. $(call hyt_watch,DIR,BASE,ROUNDS,SETS) makes
#
#     DIR/watch.jsonl      a line a model, see watch.sh; made when the last round
#                          is done, or when the rule has stopped the run
#     DIR/K.watch          one such line; DIR/K.go is there if all is met
#     DIR/best             the model that met all and has the highest `best`, a
#                          jq expression of the metrics; BASE if none is better
#     DIR/best.SET.report  hyt-eval of it (and .jsonl.zst), for SET in SETS

hyt_here    := $(dir $(lastword $(MAKEFILE_LIST)))
SHELL       := /bin/bash
.SHELLFLAGS := -o pipefail -c
HYT_BIN     ?= $(abspath $(hyt_here)../build/release/bin)
export PATH := $(HYT_BIN):$(PATH)
Q            = $(if $(V),,@)# V=1 shows the commands
hyt_goal    := $(.DEFAULT_GOAL)

# Settings of all runs or, as above, of some.
seed       = 1
samples    = 8
max_tokens = 256
lr         = 1e-5
weight     = --policy hytuning
answers    = -n 1 --max-tokens $(max_tokens) --seed 99
prg        =
update     =
watch      =
require    =
say        =
best       = .accuracy
threads    = 1
quiet      = -q --threads $(threads)

# What a run is a function of
define hyt_settings
base    = $(hyt_base)
traces  = $(traces)
queries = $(queries)
rollout = -n $(samples) --max-tokens $(max_tokens) --seed $(seed)
prg     = $(prg)
weight  = $(weight)
update  = --lr $(lr) $(update)$(if $(watch),$(hyt_watching))
endef
# of one that is watched: what chooses its models, too
define hyt_watching

watch   = $(watch)
require = $(require)
best    = $(best)
endef
# and the answers of a model
define hyt_asked
$($(set))
rollout = $(answers) $(answers_$(set))
prg     = $(prg)
endef

# $(1) FILE, $(2) VARIABLE: the file holds the variable's value, and is only
# newer where that is another. Makes that run at once do not meet in one name.
define hyt_stamp
$(1): export HYT_STAMP = $$($(2))
$(1): hyt_always
	@mkdir -p $$(@D) && new=$$@.$$$$$$$$ && \
	    printf '%s\n' "$$$$HYT_STAMP" >$$$$new && \
	    if cmp -s $$$$new $$@; then rm $$$$new; else mv $$$$new $$@; fi

endef

# A number for each round of each seed
round_seed = $$(($(seed) * 10000 + $(round)))

hyt_numbers := $(shell seq 1 9999)
hyt_count    = $(wordlist 1,$(1),$(hyt_numbers))
hyt_before   = $(words $(wordlist 2,$(1),$(hyt_numbers)))

# $(1) DIR, $(2) K, $(3) model K-1, $(4) what says that it is complete, $(5) what
# has to be there before it goes.  A model is trained beside its place and moved
# there: what hyt-update was stopped in it goes on with.
define hyt_round
$(1)/$(2).jsonl.zst: round = $(2)
$(1)/$(2).jsonl.zst: $(4) $(1)/settings
	@[ -e $(3)/model.safetensors ] || { \
	    echo "$(3) is gone: rm $(1)/settings to begin anew" >&2; exit 1; }
	@$$(say)
	$$(Q)rm -rf $(1)/$(2).new
	$$(Q)mkdir -p $(1) && ( ( $$(or $$(traces),:) ) && \
	    ( $$(or $$(queries),:) ) ) | \
	    hyt-rollout -m $(3) -n $$(samples) --max-tokens $$(max_tokens) \
	        --seed $$(round_seed) $$(quiet) | \
	    hyt-prg -m $(3) $$(prg) $$(quiet) | \
	    hyt-weight --seed $$(round_seed) $$(weight) -q --zstd -o $$@.new
	$$(Q)mv $$@.new $$@

$(1)/$(2)/model.safetensors: $(1)/$(2).jsonl.zst
	$$(Q)hyt-update -m $(3) --out $$(@D).new --lr $$(lr) $$(update) \
	    $$(quiet) $$< >/dev/null
	$$(Q)rm -rf $$(@D) && mv $$(@D).new $$(@D)

$(1)/$(2).log: $(1)/$(2)/model.safetensors | $(5)
	$$(Q)hyt-ckpt log $(1)/$(2) >$$@.new
	$$(Q)rm -rf $(1)/$(2).jsonl.zst $(if $(filter-out 1,$(2)),$(3))
	$$(Q)mv $$@.new $$@

# What goes when the next model is there
.SECONDARY: $(1)/$(2).jsonl.zst $(1)/$(2)/model.safetensors
endef

# $(1) MODEL, $(2) SET
define hyt_measure_set
$(1).$(2).settings: set = $(2)
$(call hyt_stamp,$(1).$(2).settings,hyt_asked)
$(1).$(2).jsonl.zst: $(1)/model.safetensors $(1).$(2).settings
	$$(Q)( $$($(2)) ) | \
	    hyt-rollout -m $(1) $$(answers) $$(answers_$(2)) $$(quiet) | \
	    hyt-prg -m $(1) $$(prg) $$(quiet) | hyt-grade -q --zstd -o $$@.new
	$$(Q)mv $$@.new $$@

$(1).$(2).report: $(1).$(2).jsonl.zst
	$$(Q)hyt-eval --json $$< -o $$@

endef
hyt_measure = $(foreach s,$(2),$(call hyt_measure_set,$(1),$(s)))

# $(1) DIR, $(2) BASE, $(3) ROUNDS, $(4) MEASURED, $(5) SETS, $(6) K, $(7) K-1
define hyt_run_round
$(call hyt_round,$(1),$(6),$(if $(filter 0,$(7)),$(2),$(1)/$(7)),$(if \
    $(filter 0,$(7)),$(2)/model.safetensors,$(1)/$(7).log),$(if \
    $(filter $(7),$(4)),$(5:%=$(1)/$(7).%.jsonl.zst)))
$(if $(filter $(6),$(4)),$(call hyt_measure,$(1)/$(6),$(5)))
$(if $(filter $(6),$(4)),$(5:%=$(1)/$(6).%.report): | $(1)/$(6).log)

endef
define hyt_run
$(1)/settings: hyt_base = $(2)
$(call hyt_stamp,$(1)/settings,hyt_settings)
$(foreach k,$(call hyt_count,$(3)),$(call hyt_run_round,$(1),$(2),$(3),$(4),\
    $(5),$(k),$(call hyt_before,$(k))))
endef

# Why, a line on standard error
hyt_stopped = "stopped after round \(.round), the best is \(.best): \
    \(.unmet | join(", "))"

# $(1) DIR, $(2) K, $(3) K-1, or nothing: where a run begins, what another one has
# left is not of it
define hyt_watch_round
$(call hyt_measure,$(1)/$(2),watch)
$(1)/$(2).watch: $(1)/$(2).watch.jsonl.zst $(3:%=$(1)/$(2).log $(1)/%.go)
	$(if $(3),,$$(Q)cd $(1) && rm -rf best *.watch [0-9]*.go [1-9]*.log)
	$$(Q)BEST='$$(best)' $(hyt_here)watch.sh $(1) $(2) \
	    $$(foreach r,$$(require),'$$(r)') >$$@.new
	$$(Q)mv $$@.new $$@

$(1)/$(2).go: $(1)/$(2).watch
	$$(Q)jq -e .met $$< >/dev/null || { \
	    jq -r '"$(1): " + $(hyt_stopped)' $$< >&2; \
	    touch $(1)/stopped; exit 1; }
	$$(Q)touch $$@

$(3:%=$(1)/$(2).jsonl.zst: $(1)/%.go)

endef

# $(1) DIR, $(2) BASE, $(3) ROUNDS, $(4) SETS
define hyt_watch
$(1)/0/model.safetensors: $(2)/model.safetensors
	$$(Q)mkdir -p $(1) && ln -sfn '$(abspath $(2))' $(1)/0

$(1)/0.watch: $(1)/settings
$(call hyt_watch_round,$(1),0)
$(foreach k,$(call hyt_count,$(3)),$(call \
    hyt_watch_round,$(1),$(k),$(call hyt_before,$(k))))
$(1)/watch.jsonl: hyt_always | $(2)/model.safetensors
	@rm -f $(1)/stopped
	$$(Q)$$(MAKE) --no-print-directory -f $(firstword $(MAKEFILE_LIST)) \
	    $(1)/$(3).go || rm $(1)/stopped 2>/dev/null
	@[ ! -e $(1)/$(words x $(call hyt_count,$(3))).watch ] || { \
	    echo "$(1) has more than $(3) rounds: rm $(1)/settings to begin" \
	        anew >&2; exit 1; }
	$$(Q)cat $$$$(ls -v $(1)/[0-9]*.watch) >$$@.new
	$$(Q)cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@

$(1)/best/model.safetensors: | $(1)/watch.jsonl ;
$(4:%=$(1)/best.%.jsonl.zst): $(1)/watch.jsonl
$(call hyt_measure,$(1)/best,$(4))
endef

hyt_always:
.PHONY: hyt_always
.DELETE_ON_ERROR:
.DEFAULT_GOAL := $(hyt_goal)
