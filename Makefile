# nameward: build, test, install. See CONTRIBUTING.md.
# Without make's own rules, which it would try on each of a thousand .d files and headers.
MAKEFLAGS += -r
VERSION  := 0.1
CC       ?= cc
BUILD    ?= build
PREFIX   ?= /usr/local
SYSCONF  ?= /etc
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	    -Wno-sign-conversion -Wpointer-arith -Wvla -Wformat=2 -Wundef
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LIBS     := libevent_core libcares libssl libcrypto libnftnl libmnl sqlite3 libseccomp libcurl \
	    libpcre2-8 libidn2 libpsl libmaxminddb libpq
FOLDERS  := lib conf blocklists fetch local resolver nftsync flows db export daemon cli

# make SAN=1 builds with AddressSanitizer and UndefinedBehaviorSanitizer in a folder of its own
ifdef SAN
override BUILD := $(BUILD)/san
CFLAGS   := -O1 -g
HARDEN   := -fPIE $(SANITIZE)
LDFLAGS  += $(SANITIZE)
endif

ALL_CFLAGS  = -std=gnu11 -I. -I$(BUILD)/gen -D_GNU_SOURCE -DVERSION='"$(VERSION)"' $(WARN) $(HARDEN) \
	      $(CFLAGS) $(shell pkg-config --cflags $(LIBS))
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)
LDLIBS      = $(shell pkg-config --libs $(LIBS))

MAINS    := daemon/main.c cli/nameward.c
SOURCES  := $(filter-out $(MAINS),$(foreach f,$(FOLDERS),$(wildcard $(f)/*.c)))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
ARCHIVE  := $(BUILD)/libnameward.a
SUPPORT  := $(BUILD)/libsupport.a
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

$(SUPPORT): $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
	@rm -f $@
	$(AR) rcs $@ $^

# A unit test is one program: tests/unit/test_X.c with cmocka, linked against everything.
# A line `/* wrap: f g */` in it replaces calls of f and g by __wrap_f and __wrap_g.
$(UNIT): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(SUPPORT) $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) $(foreach w,$(shell sed -n 's,^/\* wrap: \(.*\) \*/,\1,p' tests/unit/$*.c),-Wl,--wrap=$(w)) \
		-o $@ $(BUILD)/tests/unit/$*.o $(SUPPORT) $(ARCHIVE) $(LDLIBS) -lcmocka

unit: $(UNIT)

# cppcheck reads no system headers, but must know the list macros of this one. That an error
# code says whether memory was had is beyond it (nullPointerOutOfMemory, in Debian 13's).
QUEUE_H = $(filter %/sys/queue.h,$(shell $(CC) -M -include sys/queue.h -x c /dev/null))

# Static checks: our own rules, then every source with warnings as errors, then cppcheck. A build
# that has warnings as errors already (CFLAGS='-O2 -g -Werror') needs `rules` only.
lint: rules
	$(MAKE) -s BUILD=$(BUILD)/lint CFLAGS='-O2 -Werror' objects

rules:
	tests/lint.sh
	cppcheck -q --std=c11 -j2 --error-exitcode=1 --inline-suppr --enable=warning,portability \
		--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
		--suppress=nullPointerOutOfMemory \
		--include=$(QUEUE_H) -I. -D_GNU_SOURCE -DVERSION='"0"' $(FOLDERS)

objects: $(OBJECTS) $(MAINS:%.c=$(BUILD)/%.o) \
    $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/*.c))

# Unit tests with sanitizers, integration tests with the plain build.
test: all tools $(BUILD)/tests/unit/test_sandbox
	$(MAKE) -s SAN=1 all unit
	tests/run.sh $(BUILD) $(BUILD)/san $(TESTS)

# Programs that integration tests and benchmarks drive.
tools: $(patsubst tests/integration/%.c,$(BUILD)/%,$(wildcard tests/integration/*.c)) \
	$(patsubst bench/%.c,$(BUILD)/%,$(wildcard bench/*.c))

$(BUILD)/%: $(BUILD)/tests/integration/%.o $(SUPPORT) $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%: $(BUILD)/bench/%.o $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# On the kernel of another Debian release, in qemu; KERNEL=bookworm is 6.1, trixie 6.12.
KERNEL ?= bookworm
vm-test: all unit tools
	BUILD=$(BUILD) tests/vm.sh $(KERNEL) $(TESTS)

demo: all
	BUILD=$(BUILD) tests/integration/demo.sh

# BENCH="lease gate" runs these parts only; see bench/run.sh.
bench: all tools $(BUILD)/nft_text
	BUILD=$(BUILD) bench/run.sh $(BENCH)

$(BUILD)/nft_text: bench/peers/nft_text.c
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -o $@ $< -lnftables

# Each fuzz target for FUZZ_S seconds; a crash stops with its input in $(BUILD)/fuzz. The
# configuration's begins with what we ship, also with each option in use.
FUZZ_S ?= 60
FUZZ   := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	$(MAKE) -s CC=clang BUILD=$(BUILD)/fuzz HARDEN='-fPIE $(SANITIZE) -fsanitize=fuzzer-no-link' \
		LDFLAGS='$(SANITIZE) -fsanitize=fuzzer' CFLAGS='-O1 -g' fuzz-targets
	mkdir -p $(BUILD)/fuzz/corpus/fuzz_conf
	cp etc/*.conf $(BUILD)/fuzz/corpus/fuzz_conf/
	sed 's/^#\([^ ]\)/\1/' etc/nameward.conf >$(BUILD)/fuzz/corpus/fuzz_conf/all-options
	for t in $(FUZZ); do mkdir -p $(BUILD)/fuzz/corpus/$$t && echo "== $$t" && \
		$(BUILD)/fuzz/$$t -max_total_time=$(FUZZ_S) -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix=$(BUILD)/fuzz/ \
		$(BUILD)/fuzz/corpus/$$t || exit 1; done

fuzz-targets: $(FUZZ:%=$(BUILD)/%)

$(FUZZ:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/tests/fuzz/%.o $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# The accounts of the processes.
users:
	etc/users.sh

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(SYSCONF)/nameward/conf.d \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/lib/systemd/system \
		$(addprefix $(DESTDIR)$(PREFIX)/share/man/man,1 5 8)
	install -m 755 $(BUILD)/namewardd $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(BUILD)/nameward $(DESTDIR)$(PREFIX)/bin/
	install -d $(DESTDIR)$(PREFIX)/share/doc/nameward
	install -m 644 README.md COPYING etc/examples/router.nft $(DESTDIR)$(PREFIX)/share/doc/nameward/
	[ -e $(DESTDIR)$(SYSCONF)/nameward/nameward.conf ] || \
		install -m 644 etc/nameward.conf $(DESTDIR)$(SYSCONF)/nameward/
	sed 's,@SBIN@,$(PREFIX)/sbin,' etc/nameward.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/nameward.service
	sed 's,@BIN@,$(PREFIX)/bin,' etc/nameward-update.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/nameward-update.service
	sed 's,@BIN@,$(PREFIX)/bin,' etc/nameward-export.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/nameward-export.service
	install -m 644 etc/nameward-update.timer etc/nameward-export.timer $(DESTDIR)$(PREFIX)/lib/systemd/system/
	install -m 644 etc/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/nameward
	for s in 1 5 8; do install -m 644 man/*.$$s $(DESTDIR)$(PREFIX)/share/man/man$$s/; done
	[ -n "$(DESTDIR)" ] || etc/users.sh

clean:
	rm -rf $(BUILD)

.PHONY: all unit objects lint rules test tools vm-test demo bench fuzz fuzz-targets users install clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
