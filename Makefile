# Tactus: a click exact to the sample, one tempo for the whole room.
#
#   make run      install what is missing, build, start everything, print the address
#   make test     install what the tests need, run all of them
#   make          build/tactusd, build/tactus-click and the page under build/web
#   make install  into DESTDIR/PREFIX
#   make lint asan tsan bench clean
#
# Variables of make run and make test: PORT, JACK_SERVER, STATE, REGION, PIN.

PREFIX ?= /usr/local
BUILD ?= build
CC ?= gcc
PORT ?= 8080
JACK_SERVER ?= default
STATE ?= state
REGION ?= tactus

WARN = -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2
ifeq ($(CI),true)
WARN += -Werror
endif
CFLAGS ?= -O2 -g -fstack-protector-strong
ALL_CFLAGS = $(CFLAGS) $(WARN) $(SAN) -D_GNU_SOURCE -DTACTUS_VERSION='"$(VERSION)"' -Ischema -MMD -MP -pthread
VERSION = 0.1.0

PKGS = jack libwebsockets sqlite3 uuid jansson libqrencode libsystemd libcrypto
# Asked when something is linked, so that `make run` can install them first.
LIBS = $(shell pkg-config --libs $(PKGS)) -lm -lrt
CLICK_LIBS = $(shell pkg-config --libs jack) -lm -lrt
CHECK_LIBS = $(shell pkg-config --libs check)

SCHEMA_OBJS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard schema/*.c))
CLICK_OBJS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard jack_client/*.c))
DAEMON_OBJS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard daemon/*.c)) $(BUILD)/daemon/tables_sql.o

.PHONY: all
all: $(BUILD)/tactusd $(BUILD)/tactus-click page

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/libschema.a: $(SCHEMA_OBJS)
$(BUILD)/libclick.a: $(filter-out %/main.o,$(CLICK_OBJS))
$(BUILD)/libdaemon.a: $(filter-out %/main.o,$(DAEMON_OBJS))
$(BUILD)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tactus-click: $(BUILD)/jack_client/main.o $(BUILD)/libclick.a $(BUILD)/libschema.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(CLICK_LIBS)

$(BUILD)/tactusd: $(BUILD)/daemon/main.o $(BUILD)/libdaemon.a $(BUILD)/libschema.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The SQL becomes a C string, so that the daemon needs no file at run time.
$(BUILD)/daemon/tables_sql.c: $(wildcard schema/*.sql) schema/embed_sql.sh
	@mkdir -p $(@D)
	sh schema/embed_sql.sh schema > $@
$(BUILD)/daemon/tables_sql.o: $(BUILD)/daemon/tables_sql.c
	$(CC) $(ALL_CFLAGS) -Idaemon -c -o $@ $<

# Unit tests: one program a file, each linked with all that is not a main.
UNIT = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
TOOLS = $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(wildcard tests/tools/*.c))
$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libdaemon.a $(BUILD)/libclick.a $(BUILD)/libschema.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Idaemon -Ijack_client -Itests -o $@ $^ $(LDFLAGS) $(CHECK_LIBS) $(LIBS)
$(BUILD)/tests/tools/%: tests/tools/%.c $(BUILD)/libclick.a $(BUILD)/libschema.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ijack_client -Itests -o $@ $^ $(LDFLAGS) $(CLICK_LIBS)

.PHONY: page
page:
	@sh web/build.sh $(BUILD)/web

.PHONY: clean
clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
