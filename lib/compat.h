/* The one place for what differs between compilers and builds. */
#ifndef LIB_COMPAT_H
#define LIB_COMPAT_H

/*
 * BUILT_WITH_SANITIZER is 1 in a build with AddressSanitizer. Its run-time library opens
 * files, maps executable memory and starts threads at moments of its own, which no useful
 * filter of system calls could allow.
 */
#if defined(__SANITIZE_ADDRESS__)
#define BUILT_WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BUILT_WITH_SANITIZER 1
#endif
#endif
#ifndef BUILT_WITH_SANITIZER
#define BUILT_WITH_SANITIZER 0
#endif

#endif
