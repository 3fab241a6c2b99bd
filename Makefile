# SPDX-License-Identifier: MIT
# chat: server, client, protocol module, tests and manuals.  `make help` lists
# the targets.  Everything that is built lies under build/ (build-$(SAN)/).

PREFIX   ?= /usr/local
BINDIR   ?= $(PREFIX)/bin
MANDIR   ?= $(PREFIX)/share/man
LOCALEDIR ?= $(PREFIX)/share/locale
VERSION  := 0.1.0
B        := build$(if $(SAN),-$(SAN))

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
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) $(if $(filter undefined,$(SAN)),\
    -fno-sanitize-recover=all))

CFLAGS   ?= -O2 -g
CPPFLAGS += -std=c17 -D_POSIX_C_SOURCE=200809L -I. -DVERSION='"$(VERSION)"' \
    -DLOCALEDIR='"$(LOCALEDIR)"' $(shell pkg-config --cflags $(PKG) 2>/dev/null)
CFLAGS   += $(WARN) $(if $(WERROR),-Werror) $(HARDEN) $(SANFLAGS) -fPIE
LDFLAGS  += -pie -Wl,-z,relro,-z,now $(SANFLAGS)
LDLIBS   += $(shell pkg-config --libs $(PKG) 2>/dev/null)

objs      = $(patsubst %.c,$(B)/%.o,$(filter-out $(2),$(wildcard $(1)/*.c)))
SHARED_O := $(call objs,shared)
SERVER_O := $(call objs,server,server/main.c server/chatctl.c)
TUI_O    := $(call objs,tui,tui/main.c)
TESTS    := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))
BENCHES  := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
LIBS     := $(B)/libserver.a $(B)/libtui.a $(B)/libshared.a
PROGRAMS := $(B)/chat-server $(B)/chat-tui

all: $(PROGRAMS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libshared.a: $(SHARED_O)
$(B)/libserver.a: $(SERVER_O)
$(B)/libtui.a: $(TUI_O)
$(LIBS):
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/chat-server: $(B)/server/main.o $(B)/libserver.a $(B)/libshared.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/chat-tui: $(B)/tui/main.o $(B)/libtui.a $(B)/libshared.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/tests/%: $(B)/tests/%.o $(LIBS)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) -Wl,--end-group \
	    $(LDLIBS) -lcmocka -lm

$(B)/bench/%: $(B)/tests/bench/%.o $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) -Wl,--end-group \
	    $(LDLIBS) -lm

tests: $(TESTS)

clean:
	rm -rf build build-*

-include $(shell find build* -name '*.d' 2>/dev/null)

.PHONY: all tests clean
.SECONDARY:
