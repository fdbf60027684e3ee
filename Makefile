# nameward: build, test, install. See CONTRIBUTING.md.
VERSION  := 0.1
CC       ?= cc
BUILD    ?= build
PREFIX   ?= /usr/local
SYSCONF  ?= /etc
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	    -Wno-sign-conversion -Wpointer-arith -Wvla -Wformat=2 -Wundef
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fcf-protection
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LIBS     := libevent_core libcares libnftnl libmnl sqlite3 libseccomp
FOLDERS  := lib conf blocklists resolver nftsync flows db daemon cli

# make SAN=1 builds with AddressSanitizer and UndefinedBehaviorSanitizer in a folder of its own
ifdef SAN
BUILD    := $(BUILD)/san
CFLAGS   := -O1 -g
HARDEN   := -fPIE $(SANITIZE)
LDFLAGS  += $(SANITIZE)
endif

ALL_CFLAGS  = -std=gnu11 -I. -I$(BUILD)/gen -D_GNU_SOURCE -DVERSION='"$(VERSION)"' $(WARN) $(HARDEN) \
	      $(CFLAGS) $(shell pkg-config --cflags $(LIBS))
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LDLIBS      = $(shell pkg-config --libs $(LIBS))

MAINS    := daemon/main.c cli/nameward.c
SOURCES  := $(filter-out $(MAINS),$(foreach f,$(FOLDERS),$(wildcard $(f)/*.c)))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
ARCHIVE  := $(BUILD)/libnameward.a
SUPPORT  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
UNIT     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))

all: $(BUILD)/namewardd $(BUILD)/nameward

$(BUILD)/namewardd: $(BUILD)/daemon/main.o $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/nameward: $(BUILD)/cli/nameward.o $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(ARCHIVE): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The built-in default as a C string.
$(BUILD)/gen/default_conf.h: etc/default.conf
	@mkdir -p $(@D)
	{ echo 'static const char default_conf[] ='; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $<; \
	  echo ';'; } > $@.new
	@mv $@.new $@

$(BUILD)/conf/conf_load.o: $(BUILD)/gen/default_conf.h

# A unit test is one program: tests/unit/test_X.c with cmocka, linked against everything.
# A line `/* wrap: f g */` in it replaces calls of f and g by __wrap_f and __wrap_g.
$(UNIT): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(SUPPORT) $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) $(foreach w,$(shell sed -n 's,^/\* wrap: \(.*\) \*/,\1,p' tests/unit/$*.c),-Wl,--wrap=$(w)) \
		-o $@ $(BUILD)/tests/unit/$*.o $(SUPPORT) $(ARCHIVE) $(LDLIBS) -lcmocka

unit: $(UNIT)

clean:
	rm -rf $(BUILD)

.PHONY: all unit clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
