# SPDX-License-Identifier: MIT
# chat: server, client, protocol module, tests and manuals.  `make help` lists
# the targets.  All that is built lies under $(B): build/, or build-$(SAN)/.

PREFIX    ?= /usr/local
BINDIR    ?= $(PREFIX)/bin
MANDIR    ?= $(PREFIX)/share/man
LOCALEDIR ?= $(PREFIX)/share/locale
DOCDIR    ?= $(PREFIX)/share/doc/chat
VERSION   := 0.1.0
comma     := ,
B         := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

# Debian's names of what is needed: to build and run, to test, to lint.
DEBS_RUN   := libc6-dev pkg-config libuv1-dev libncurses-dev libutf8proc-dev \
    gettext ncurses-base util-linux
DEBS_CHECK := $(DEBS_RUN) clang libclang-rt-14-dev libcmocka-dev mandoc tmux
DEBS_LINT  := $(DEBS_CHECK) clang-format clang-tidy cppcheck shellcheck

PKG      := libuv ncursesw libutf8proc
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
    -Wcast-qual -Wcast-align -Wformat=2 -Wstrict-prototypes \
    -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition -Wvla \
    -Wundef -Wimplicit-fallthrough -Wswitch-enum -Wdouble-promotion \
    -Wwrite-strings -Wpointer-arith
WARN     += $(if $(findstring clang,$(CC)),-Wcomma -Wassign-enum \
    -Wunreachable-code,-Wduplicated-cond -Wduplicated-branches -Wlogical-op \
    -Wnull-dereference)
HARDEN   := $(if $(SAN),-fno-omit-frame-pointer,-fstack-protector-strong \
    -D_FORTIFY_SOURCE=2)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all) \
    $(if $(COV),--coverage)

CFLAGS   ?= -O2 -g
DEFINES  := -std=c17 -D_POSIX_C_SOURCE=200809L -I. -DVERSION='"$(VERSION)"' \
    -DLOCALEDIR='"$(LOCALEDIR)"' $(shell pkg-config --cflags $(PKG) 2>/dev/null)
COMPILE   = $(CC) $(DEFINES) $(CPPFLAGS) $(CFLAGS) $(WARN) \
    $(if $(WERROR),-Werror) $(HARDEN) $(SANFLAGS) -fPIE
LINK      = $(CC) $(CFLAGS) $(SANFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) \
    -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
    $(LDLIBS) $(shell pkg-config --libs $(PKG) 2>/dev/null)

objs      = $(patsubst %.c,$(B)/%.o,$(filter-out $(2),$(wildcard $(1)/*.c)))
built     = $(patsubst tests/$(1).c,$(B)/tests/$(1),$(wildcard tests/$(1).c))
SHARED_O := $(call objs,shared)
SERVER_O := $(call objs,server,server/main.c server/chatctl.c)
TUI_O    := $(call objs,tui,tui/main.c)
LIBS     := $(B)/libserver.a $(B)/libtui.a $(B)/libshared.a
PROGRAMS := $(B)/chat-server $(B)/chat-tui
LOCALES  := $(patsubst tui/%.po,$(B)/locale/%/LC_MESSAGES/chat.mo,\
    $(wildcard tui/*.po))
SAMPLES  := $(B)/chat-server.conf $(B)/chat-tui.conf
FUZZ     := $(patsubst tests/fuzz_%.c,%,$(filter-out tests/fuzz_replay.c,\
    $(wildcard tests/fuzz_*.c)))
TESTS    := $(patsubst %.c,$(B)/%,$(wildcard tests/test_*.c tests/e2e/*.c)) \
    $(FUZZ:%=$(B)/tests/replay_%)
BENCHES  := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
SOURCES  := $(wildcard $(patsubst %,%/*.[ch],shared server tui tests tests/*))
MANUALS  := $(wildcard man/*.[1-8])

all: $(PROGRAMS) $(LOCALES) $(SAMPLES) ## build the programs (the default)

# Objects are made again when the flags change (another PREFIX, WERROR, ...).
quoted = '$(subst ','\'',$(1))'

$(B)/flags: FORCE
	@pkg-config --exists $(PKG) || { echo 'make: libraries are missing;' \
	    '`make deps-run` installs them: $(PKG)' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo $(call quoted,$(COMPILE) $(LINK)) | cmp -s - $@ || \
	    echo $(call quoted,$(COMPILE) $(LINK)) >$@

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

$(B)/libshared.a: $(SHARED_O)
$(B)/libserver.a: $(SERVER_O)
$(B)/libtui.a: $(TUI_O)
$(LIBS):
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/chat-server: $(B)/server/main.o $(B)/libserver.a $(B)/libshared.a
$(B)/chat-tui: $(B)/tui/main.o $(B)/libtui.a $(B)/libshared.a
$(PROGRAMS):
	$(LINK)

$(B)/tests/replay_%: $(B)/tests/fuzz_%.o $(B)/tests/fuzz_replay.o $(LIBS)
	$(LINK)

$(B)/tests/libfuzzer_%: $(B)/tests/fuzz_%.o $(LIBS)
	$(LINK) -fsanitize=fuzzer

$(B)/tests/%: $(B)/tests/%.o $(LIBS)
	$(LINK) -lcmocka -lm

$(B)/locale/%/LC_MESSAGES/chat.mo: tui/%.po
	@mkdir -p $(@D)
	msgfmt --check -o $@ $<

$(B)/chat-%.conf: %/options.def man/sample.awk | $(B)/flags
	awk -f man/sample.awk $(filter %.def,$^) >$@

$(B)/chat-server.conf: shared/limits.def

tests: $(TESTS) ## build the unit tests and the helpers of e2e
benches: $(BENCHES)

check: ## install what tests need, build with -Werror, run every test
	@+tests/deps.sh $(DEBS_CHECK) && MAKE='$(MAKE)' tests/check.sh

check-%: ## one part of it: build unit san clang fuzz docs layers e2e
	@+MAKE='$(MAKE)' SAN= tests/check.sh $*

e2e: all tests ## end to end in tmux; T=tests/e2e/x.sh for one of them
	@B='$(B)' tests/check.sh e2e-only $(T)

run: ## install what is missing, build, chat (a server is started if needed)
	@+tests/deps.sh $(DEBS_RUN) && MAKE='$(MAKE)' B='$(B)' tui/run.sh

layers: all ## prove from the objects who calls whom
	@tests/layers.sh $(B)

lint: ## format, clang-tidy, cppcheck, manuals, scripts, sizes
	@tests/deps.sh $(DEBS_LINT)
	@DEFINES=$(call quoted,$(DEFINES)) tests/lint.sh $(SOURCES)

fuzz: ## fuzz each tests/fuzz_*.c for FUZZ_TIME seconds (60)
	+$(MAKE) CC=clang SAN=address,undefined,fuzzer-no-link B=build-fuzz \
	    $(FUZZ:%=build-fuzz/tests/libfuzzer_%)
	set -e; for f in $(FUZZ); do mkdir -p tests/corpus/$$f build-fuzz/$$f; \
	    build-fuzz/tests/libfuzzer_$$f -max_total_time=$${FUZZ_TIME:-60} \
	    build-fuzz/$$f tests/corpus/$$f; done

bench: $(BENCHES) ## run the measurements of tests/bench
	@set -e; for b in $(BENCHES); do echo "== $${b##*/}"; $$b; done

cov: ## line coverage of the unit tests, file by file
	+$(MAKE) COV=1 B=build-cov CFLAGS='-O0 -g' tests
	@tests/cov.sh build-cov

POT ?= build/chat.pot
template: # the texts to translate
	@mkdir -p build
	@xgettext -o $(POT) --from-code=UTF-8 --package-name=chat -L C -F \
	    -k -k_ -kN_ -kngettext:1,2 -kERROR:4 --no-location \
	    $(wildcard tui/*.[ch] tui/*.def) shared/errors.def

po: template ## bring the translations up to date with the sources
	@for f in tui/*.po; do \
	    msgmerge -q -U --backup=none $$f $(POT) || exit; done

install: all ## into DESTDIR, PREFIX, BINDIR, MANDIR, LOCALEDIR, DOCDIR
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(DOCDIR)/examples
	install $(PROGRAMS) $(DESTDIR)$(BINDIR)
	install -m 644 README.md LICENSE $(DESTDIR)$(DOCDIR)
	install -m 644 $(SAMPLES) $(DESTDIR)$(DOCDIR)/examples
	@for f in $(MANUALS); do install -D -m 644 $$f \
	    $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/} || exit; done
	@for f in $(LOCALES:$(B)/locale/%=%); do install -D -m 644 \
	    $(B)/locale/$$f $(DESTDIR)$(LOCALEDIR)/$$f || exit; done

uninstall: ## take away what install put there
	rm -f $(PROGRAMS:$(B)/%=$(DESTDIR)$(BINDIR)/%) \
	    $(foreach m,$(notdir $(MANUALS)),$(DESTDIR)$(MANDIR)/man*/$(m)) \
	    $(LOCALES:$(B)/locale/%=$(DESTDIR)$(LOCALEDIR)/%)
	rm -rf $(DESTDIR)$(DOCDIR)

dist: ## build/chat-VERSION.tar.gz of what is committed
	@mkdir -p build
	git archive --prefix=chat-$(VERSION)/ -o build/chat-$(VERSION).tar.gz HEAD

deps-run: ; @tests/deps.sh $(DEBS_RUN) ## install what building needs
deps-check: ; @tests/deps.sh $(DEBS_CHECK) ## install what testing needs

clean: ## remove all that was built
	rm -rf build build-*

help: ## this list
	@sed -n 's/^\([a-z0-9%-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
	@echo 'Variables: PREFIX DESTDIR, WERROR=1, SAN=address|undefined|thread'

-include $(wildcard $(patsubst %,$(B)/%/*.d,shared server tui tests tests/*))

FORCE:
.PHONY: all tests benches template check e2e run layers lint fuzz bench cov po install \
    uninstall dist deps-run deps-check clean help FORCE
.SECONDARY:
