# Tactus: a click exact to the sample, one tempo for the whole room.
#
#   make run      install what is missing, build, start everything, print the address
#   make test     install what the tests need, build, run all of them (ONLY=ring: those that match)
#   make          build/tactusd, build/tactus-click and the page under build/web
#   make install  into DESTDIR/PREFIX
#   make shots    pictures of every view of the page, in build/shots
#   make lint asan tsan bench clean      (V=1 shows the commands)
#
# Variables of make run:
#   PORT          where the page is served (8080)
#   JACK_SERVER   name of the JACK server (default)
#   STATE         directory of the database and the PIN (state)
#   REGION        name of the shared memory (tactus)
#   PIN           left out: made once, kept in STATE; empty (PIN=): no PIN is asked
# With a PORT, JACK_SERVER, STATE and REGION of its own, one box runs beside another.

PORT ?= 8080
JACK_SERVER ?= default
STATE ?= state
REGION ?= tactus
ifneq ($(origin PIN),undefined)
export PIN
endif
export PORT JACK_SERVER STATE REGION

VERSION = 0.1.0
PREFIX ?= /usr/local
WEB_DIR = $(PREFIX)/share/tactus/web
BUILD ?= build
ifeq ($(origin CC),default)
CC = gcc
endif
ifneq ($(V),1)
.SILENT:
endif

WARN = -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2
ifeq ($(CI),true)
WARN += -Werror
endif
CFLAGS ?= -O2 -g -fstack-protector-strong
DEFINES = -D_GNU_SOURCE -DTACTUS_VERSION='"$(VERSION)"' -DTACTUS_WEB_DIR='"$(WEB_DIR)"'
# -iquote and not -I: schema/limits.h must not stand in for the system's <limits.h>.
ALL_CFLAGS = $(CFLAGS) $(WARN) $(SAN) $(DEFINES) -iquote schema -MMD -MP -pthread

PKGS = jack libwebsockets sqlite3 uuid jansson libqrencode libsystemd libcrypto
# Asked only when something is linked, so that `make run` can install them first.
LIBS = $(shell pkg-config --libs $(PKGS)) -lm -lrt
CLICK_LIBS = $(shell pkg-config --libs jack) -lm -lrt
CHECK_LIBS = $(shell pkg-config --libs check)

SCHEMA_OBJS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard schema/*.c))
CLICK_OBJS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard jack_client/*.c))
DAEMON_OBJS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard daemon/*.c daemon/*/*.c)) $(BUILD)/daemon/tables_sql.o
# The daemon's files know each other by name alone, wherever they stand; so each name is there once.
DAEMON_QUOTES = $(addprefix -iquote ,daemon $(patsubst %/,%,$(wildcard daemon/*/)))
# Unit tests: one program a file, each linked with all of its folder that is not a main.
UNIT = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
TOOLS = $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(wildcard tests/tools/*.c))

.DELETE_ON_ERROR:

# ---- programs ----------------------------------------------------------------

.PHONY: all programs page
all: programs page
programs: $(BUILD)/tactusd $(BUILD)/tactus-click

$(BUILD)/%.o: %.c $(BUILD)/flags
	mkdir -p $(@D)
	echo "cc    $<"
	$(CC) $(ALL_CFLAGS) $(QUOTES) -c -o $@ $<

$(BUILD)/daemon/%: QUOTES = $(DAEMON_QUOTES)

$(BUILD)/libschema.a: $(SCHEMA_OBJS)
$(BUILD)/libclick.a: $(filter-out %/main.o,$(CLICK_OBJS))
$(BUILD)/libdaemon.a: $(filter-out %/main.o,$(DAEMON_OBJS))
$(BUILD)/%.a:
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tactus-click: $(BUILD)/jack_client/main.o $(BUILD)/libclick.a $(BUILD)/libschema.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(CLICK_LIBS)
	echo "made  $@"

$(BUILD)/tactusd: $(BUILD)/daemon/main.o $(BUILD)/libdaemon.a $(BUILD)/libschema.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
	echo "made  $@"

# The SQL becomes a C string, so that the daemon needs no file at run time.
$(BUILD)/daemon/tables_sql.c: $(wildcard schema/*.sql) schema/embed_sql.sh
	mkdir -p $(@D)
	sh schema/embed_sql.sh schema > $@
$(BUILD)/daemon/tables_sql.o: $(BUILD)/daemon/tables_sql.c $(BUILD)/flags
	$(CC) $(ALL_CFLAGS) $(QUOTES) -c -o $@ $<

# A test_click_*.c is linked with the click, any other with the daemon: both folders have an options.h.
$(BUILD)/tests/unit/test_click_%: tests/unit/test_click_%.c $(BUILD)/libclick.a $(BUILD)/libschema.a
	$(call test_program,-iquote jack_client,$(CHECK_LIBS) $(CLICK_LIBS))
$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libdaemon.a $(BUILD)/libschema.a
	$(call test_program,$(DAEMON_QUOTES),$(CHECK_LIBS) $(LIBS))
$(BUILD)/tests/tools/store_%: tests/tools/store_%.c $(BUILD)/libdaemon.a $(BUILD)/libschema.a
	$(call test_program,$(DAEMON_QUOTES),$(LIBS))
$(BUILD)/tests/tools/%: tests/tools/%.c $(BUILD)/libclick.a $(BUILD)/libschema.a
	$(call test_program,-iquote jack_client,$(CLICK_LIBS))
define test_program
mkdir -p $(@D)
$(CC) $(ALL_CFLAGS) $(1) -iquote tests -o $@ $< $(filter %.a,$^) $(LDFLAGS) $(2)
echo "made  $@"
endef

# What was compiled with other flags (PREFIX, SAN, CC, ...) is compiled again.
$(BUILD)/flags: FORCE
	mkdir -p $(@D)
	echo '$(subst ','\'',$(CC) $(ALL_CFLAGS))' >$@.new
	cmp -s $@.new $@ && rm $@.new || mv $@.new $@
.PHONY: FORCE
FORCE:

page:
	web/build.sh $(BUILD)/web

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- run, test ---------------------------------------------------------------

# Packages come first, in the same make: what needs them is built by a make below this one.
BUILD_NOW = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
# Ends with make, however make ends: a killed make leaves nothing running.
TIED = exec setpriv --pdeathsig TERM

.PHONY: run test test-programs bench shots
run:
	systemd/packages.sh run
	+$(BUILD_NOW) all
	$(TIED) systemd/run.sh $(BUILD)

test:
	systemd/packages.sh test
	+$(BUILD_NOW) all test-programs
	$(TIED) tests/run.sh $(BUILD) unit rt integration browser

test-programs: $(UNIT) $(TOOLS)
	systemd/npm_ci.sh tests

bench:
	systemd/packages.sh test
	+$(BUILD_NOW) all test-programs
	$(TIED) tests/run.sh $(BUILD) bench

shots:
	systemd/packages.sh test
	+$(BUILD_NOW) all test-programs
	$(TIED) env BUILD=$(abspath $(BUILD)) node tests/tools/shots.mjs $(abspath $(BUILD))/shots

# ---- checks ------------------------------------------------------------------

.PHONY: lint asan tsan
lint:
	systemd/packages.sh lint
	systemd/npm_ci.sh web
	WARN='$(WARN)' tests/lint/run.sh

# Each in a build folder of its own; the tests take the programs from there.
asan: SAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
asan:
	systemd/packages.sh test
	+$(BUILD_NOW) BUILD=build/asan SAN='$(SAN)' all test-programs
	SANITIZER=asan $(TIED) tests/run.sh build/asan unit integration

tsan: SAN = -fsanitize=thread
tsan:
	systemd/packages.sh test
	+$(BUILD_NOW) BUILD=build/tsan SAN='$(SAN)' test-programs
	ONLY='$(or $(ONLY),unit/test_(ring|store))' SANITIZER=tsan $(TIED) tests/run.sh build/tsan unit

# ---- install, clean ----------------------------------------------------------

.PHONY: install clean
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(WEB_DIR)
	install -m 755 $(BUILD)/tactusd $(BUILD)/tactus-click $(DESTDIR)$(PREFIX)/bin
	cp -R $(BUILD)/web/. $(DESTDIR)$(WEB_DIR)

clean:
	rm -rf build
