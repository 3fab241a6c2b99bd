# SPDX-License-Identifier: MIT
# chat: server, client, protocol module, tests and manuals.  `make help` lists
# the targets.  All that is built lies under $(B): build/, or build-$(SAN)/.

PREFIX    ?= /usr/local
BINDIR    ?= $(PREFIX)/bin
MANDIR    ?= $(PREFIX)/share/man
LOCALEDIR ?= $(PREFIX)/share/locale
DOCDIR    ?= $(PREFIX)/share/doc/chat
UNITDIR   ?= $(PREFIX)/lib/systemd/system
VERSION   := 0.1.0
comma     := ,
B         := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

# Debian's names of what is needed: to build and run, to test, to lint.
DEBS_RUN   := libc6-dev pkg-config libuv1-dev libncurses-dev libutf8proc-dev \
    libssl-dev libsqlite3-dev libargon2-dev libsystemd-dev gettext ncurses-base util-linux
DEBS_CHECK := $(DEBS_RUN) clang libclang-rt-dev libcmocka-dev mandoc tmux openssl
DEBS_BENCH := $(DEBS_RUN) libenet-dev
DEBS_LEAKS := $(DEBS_CHECK) valgrind
DEBS_LINT  := $(DEBS_CHECK) clang-format clang-tidy cppcheck shellcheck

PKG     := libuv ncursesw libutf8proc libssl libcrypto sqlite3 libargon2 libsystemd
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
    -Wcast-qual -Wcast-align -Wformat=2 -Wstrict-prototypes \
    -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition -Wvla \
    -Wundef -Wimplicit-fallthrough -Wswitch-enum -Wdouble-promotion \
    -Wwrite-strings -Wpointer-arith $(if $(WERROR),-Werror) \
    $(if $(findstring clang,$(CC)),-Wcomma -Wassign-enum -Wunreachable-code,\
    -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wnull-dereference)
HARDEN  := $(if $(SAN),-fno-omit-frame-pointer,-fstack-protector-strong \
    -D_FORTIFY_SOURCE=2)
SANFLAG := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
CFLAGS  ?= -O2 -g
DEFINES := -std=c17 -D_POSIX_C_SOURCE=200809L -I. -DVERSION='"$(VERSION)"' \
    -DLOCALEDIR='"$(LOCALEDIR)"' $(shell pkg-config --cflags $(PKG) 2>/dev/null)
LIBRARY := $(shell pkg-config --libs $(PKG) 2>/dev/null)
COMPILE  = $(CC) $(DEFINES) $(CPPFLAGS) $(CFLAGS) $(WARN) $(HARDEN) $(SANFLAG) \
    -fPIE
LINK     = $(CC) $(CFLAGS) $(SANFLAG) -pie -Wl,-z,relro,-z,now,--as-needed \
    $(LDFLAGS) -o $@ $(filter %.o,$^) \
    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBRARY) $(LDLIBS)

objects  = $(patsubst %.c,$(B)/%.o,$(filter-out $(2),$(wildcard $(1)/*.c)))
LIBS    := $(B)/libserver.a $(B)/libtui.a $(B)/libshared.a
PROGRAMS := $(B)/chat-server $(B)/chat-tui $(B)/chatctl
LOCALES := $(patsubst tui/%.po,$(B)/locale/%/LC_MESSAGES/chat.mo,\
    $(wildcard tui/*.po))
SAMPLES := $(B)/chat-server.conf $(B)/chat-tui.conf
UNITS   := $(B)/chat-server.service $(B)/chat-server.socket
MANUALS := $(wildcard man/*.[1-8])
FUZZ    := $(filter-out replay,$(patsubst tests/fuzz_%.c,%,\
    $(wildcard tests/fuzz_*.c)))
TESTS   := $(patsubst %.c,$(B)/%,$(wildcard tests/test_*.c tests/e2e/*.c)) \
    $(FUZZ:%=$(B)/tests/replay_%)
BENCHES := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
LINK_BENCH := $(B)/tests/bench/bench_link
SOURCES := $(wildcard $(patsubst %,%/*.[ch],shared server tui tests tests/*))

all: $(PROGRAMS) $(LOCALES) $(SAMPLES) $(UNITS) ## build the programs (the default)

# Objects are made again when the flags change (another PREFIX, WERROR, ...).
silent  = $(findstring s,$(firstword -$(MAKEFLAGS)))
quietly = $(if $(V),,@$(if $(silent),,echo '$(1) $@';))
quoted  = '$(subst ','\'',$(1))'
$(B)/flags: FORCE
	@pkg-config --exists $(PKG) || { echo 'make: libraries are missing;' \
	    '`make deps-run` installs them: $(PKG)' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo $(call quoted,$(COMPILE) $(LINK)) | cmp -s - $@ || \
	    echo $(call quoted,$(COMPILE) $(LINK)) >$@

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call quietly,CC) $(COMPILE) -MMD -MP -c -o $@ $<

$(B)/libshared.a: $(call objects,shared)
$(B)/libserver.a: $(call objects,server,server/main.c server/chatctl.c)
$(B)/libtui.a: $(call objects,tui,tui/main.c)
$(LIBS):
	@rm -f $@
	$(call quietly,AR) $(AR) rcs $@ $^

$(B)/chat-server: $(B)/server/main.o $(B)/libserver.a $(B)/libshared.a
$(B)/chatctl: $(B)/server/chatctl.o $(B)/libserver.a $(B)/libshared.a
$(B)/chat-tui: $(B)/tui/main.o $(B)/libtui.a $(B)/libshared.a
$(PROGRAMS):
	$(call quietly,LD) $(LINK)
$(B)/tests/replay_%: $(B)/tests/fuzz_%.o $(B)/tests/fuzz_replay.o $(LIBS)
	$(call quietly,LD) $(LINK)
$(B)/tests/libfuzzer_%: $(B)/tests/fuzz_%.o $(LIBS)
	$(call quietly,LD) $(LINK) -fsanitize=fuzzer
# A test gets the libraries whose headers it includes: names are unique within a
# program only.
HALVES = $(foreach l,server tui,$(if $(shell grep -l ' $l/' $@.d),$(B)/lib$l.a))
$(B)/tests/%: $(B)/tests/%.o $(LIBS)
	$(call quietly,LD) $(subst $(LIBS),$(HALVES) $(B)/libshared.a,$(LINK)) \
	    -lcmocka -lm

$(LINK_BENCH): $(call objects,tests/link)
$(LINK_BENCH): LDLIBS += $(shell pkg-config --libs libenet 2>/dev/null)

$(B)/locale/%/LC_MESSAGES/chat.mo: tui/%.po
	@mkdir -p $(@D)
	$(call quietly,MO) msgfmt --check -o $@ $<

$(B)/chat-%.conf: %/options.def man/sample.awk | $(B)/flags
	$(call quietly,AWK) awk -f man/sample.awk $(filter %.def,$^) >$@
$(B)/chat-server.conf: shared/limits.def

$(B)/chat-server.%: server/chat-server.% $(B)/flags
	$(call quietly,SED) sed 's|@BINDIR@|$(BINDIR)|' $< >$@

tests: $(TESTS) ## build the unit tests and the helpers of e2e

check: ## install what tests need, build with -Werror, run every test
	@+tests/deps.sh $(DEBS_CHECK) && MAKE='$(MAKE)' tests/check.sh

check-%: ## one part of it: build unit docs layers e2e clang san fuzz e2esan
	@+MAKE='$(MAKE)' tests/check.sh $*

e2e: all tests ## end to end in tmux; T=tests/e2e/test_x.sh for one of them
	@B='$(B)' tests/check.sh e2e-only $(T)

run: ## install what is missing, build, chat (a server is started if needed)
	@+tests/deps.sh $(DEBS_RUN) && MAKE='$(MAKE)' B='$(B)' tui/run.sh

layers: all ## prove from the objects who calls whom
	@tests/layers.sh $(B)

lint: ## format, clang-tidy, cppcheck, manuals, scripts, sizes
	@tests/deps.sh $(DEBS_LINT)
	@DEFINES=$(call quoted,$(DEFINES)) tests/lint.sh $(SOURCES)

fuzz: ## fuzz each tests/fuzz_*.c for FUZZ_TIME seconds (60)
	@+MAKE='$(MAKE)' tests/fuzz.sh $(FUZZ)

leaks: ## the unit tests and the programs under valgrind
	@tests/deps.sh $(DEBS_LEAKS)
	@+$(MAKE) -s all tests
	@tests/leaks.sh

bench: $(PROGRAMS) $(BENCHES) ## run the measurements of tests/bench
	@for b in $(filter-out $(LINK_BENCH),$(BENCHES)); do \
	    echo "== $${b##*/}"; $$b || exit; done

bench-link: ## measure our links beside others; SCALE=0.1 for a short run
	@tests/deps.sh $(DEBS_BENCH)
	@+$(MAKE) -s all $(LINK_BENCH) $(B)/tests/e2e/netem
	@B='$(B)' SCALE='$(SCALE)' tests/bench/link.sh

cov: ## line coverage of the unit tests, file by file
	@+$(MAKE) -s B=build-cov CFLAGS='-O0 -g --coverage' tests
	@tests/cov.sh build-cov

po: ## bring the translations up to date with the sources
	@tui/po.sh update

install: all ## into DESTDIR, PREFIX, BINDIR, MANDIR, LOCALEDIR, DOCDIR, UNITDIR
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(DOCDIR)/examples
	install $(PROGRAMS) $(DESTDIR)$(BINDIR)
	install -m 644 README.md LICENSE $(DESTDIR)$(DOCDIR)
	install -m 644 $(SAMPLES) $(DESTDIR)$(DOCDIR)/examples
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) $(UNITS)
	@for f in $(MANUALS); do install -D -m 644 $$f \
	    $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/} || exit; done
	@for f in $(LOCALES:$(B)/locale/%=%); do install -D -m 644 \
	    $(B)/locale/$$f $(DESTDIR)$(LOCALEDIR)/$$f || exit; done

uninstall: ## take away what install put there
	rm -f $(PROGRAMS:$(B)/%=$(DESTDIR)$(BINDIR)/%) \
	    $(UNITS:$(B)/%=$(DESTDIR)$(UNITDIR)/%) \
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
	@echo 'Variables: V=1 WERROR=1 SAN=address|undefined|thread PREFIX DESTDIR'

-include $(wildcard $(patsubst %,$(B)/%/*.d,shared server tui tests tests/*))
FORCE:
.PHONY: all tests check e2e run layers leaks lint fuzz bench bench-link cov po install \
    uninstall dist deps-run deps-check clean help FORCE
.SECONDARY:
